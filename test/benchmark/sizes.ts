/** What a person downloads and keeps on the disk. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { standalone } from "./world.ts";

export type Size = { readonly what: string; readonly mb: number };

/** Of node itself, the program's own files (without the native keychain library), and the stand-alone program where it was built. */
export function measureSizes(): Size[] {
  const own = ["bin", "dist"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const isShipped = (file: string): boolean =>
    statSync(file).isFile() && !/[/\\](?:\.run-|packages\.json$)/.test(file);
  return [
    { what: "node", mb: sizeOf(process.execPath) },
    {
      what: "npm package, unpacked",
      mb: own.filter(isShipped).reduce((sum, file) => sum + sizeOf(file), 0),
    },
    ...(existsSync(standalone) ? [{ what: "stand-alone program", mb: sizeOf(standalone) }] : []),
  ];
}

function sizeOf(file: string): number {
  return statSync(file).size / 1e6;
}
