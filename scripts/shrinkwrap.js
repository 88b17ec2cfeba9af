/**
 * Writes npm-shrinkwrap.json for the package that is about to be packed: package-lock.json without what only development needs, so
 * that `npm install --global awsrole` installs the very tree the tests ran with. It is not kept: npm would read it in place of
 * package-lock.json.
 *
 *     node scripts/shrinkwrap.js          before packing
 *     node scripts/shrinkwrap.js --remove after it
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

if (process.argv[2] === "--remove") rmSync(at("npm-shrinkwrap.json"), { force: true });
else {
  const lock = JSON.parse(readFileSync(at("package-lock.json"), "utf8"));
  const { devDependencies: _dropped, ...self } = lock.packages[""];
  const needed = Object.entries(lock.packages).filter(([path, entry]) => path !== "" && !entry.dev);
  // Where a package was fetched from is the business of whoever installs it.
  const packages = needed.map(([path, { resolved: _where, ...entry }]) => [path, entry]);
  const shrinkwrap = { ...lock, packages: Object.fromEntries([["", self], ...packages]) };
  writeFileSync(at("npm-shrinkwrap.json"), `${JSON.stringify(shrinkwrap, undefined, 2)}\n`);
}
