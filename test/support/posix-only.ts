/** The tests of what Windows does not have, or of what the tests themselves need and Windows does not have, with the reason. */
import { readFileSync } from "node:fs";

/** Reason → file below test/, without its ending → titles (`*`: any text). */
type PosixOnly = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const posixOnly = JSON.parse(
  readFileSync(new URL("posix-only.json", import.meta.url), "utf8"),
) as PosixOnly;

/** Why the test of this file (its path) and title is not run on Windows; undefined for one that is. */
export function posixOnlyReason(file: string, title: string): string | undefined {
  const name = file
    .replaceAll("\\", "/")
    .replace(/^.*\btest\//, "")
    .replace(/\.test\.ts$/, "");
  return Object.entries(posixOnly).find(([, files]) =>
    files[name]?.some((wanted) => isTitle(title, wanted)),
  )?.[0];
}

function isTitle(title: string, wanted: string): boolean {
  const parts = wanted.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(title);
}
