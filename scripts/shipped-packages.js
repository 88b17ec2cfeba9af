/** The packages that reach a user: installed beside the program, or part of its files (`build.js` notes which those are). */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.js";

/** Their entries in package-lock.json, each with its `path` and `name`. Needs a build. */
export function shippedPackages() {
  const noted = join(root, "dist", "packages.json");
  if (!existsSync(noted)) throw new Error("npm run build first");
  const bundled = new Set(JSON.parse(readFileSync(noted, "utf8")));
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== "" && (!dev || bundled.has(path)))
    .map(([path, entry]) => ({
      ...entry,
      path,
      name: path.replace(/^.*node_modules\//, ""),
      isBundled: bundled.has(path),
    }));
}
