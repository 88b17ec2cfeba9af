/**
 * The licences of everything that is installed with awsrole.
 *
 *     npm run licences              writes docs/licences.md
 *     npm run licences -- --check   fails if that page is old, or a licence is not one of those we may pass on
 *     npm run licences -- --texts   prints all texts, which go with the stand-alone programs
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Permissive, and their one condition is met: the texts go along (in node_modules, or as LICENSES.txt). */
const ALLOWED = new Set(["MIT", "Apache-2.0", "ISC", "0BSD", "BSD-3-Clause", "BSD-2-Clause"]);

const root = fileURLToPath(new URL("..", import.meta.url));
const page = join(root, "docs", "licences.md");
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
const needed = Object.entries(lock.packages)
  .filter(([path, { dev }]) => path !== "" && !dev)
  .map(([path, entry]) => ({ ...entry, path, name: path.replace(/^.*node_modules\//, "") }));

const refused = needed.filter(({ license }) => !ALLOWED.has(license));
if (refused.length > 0)
  throw new Error(
    `not allowed: ${refused.map(({ name, license }) => `${name} (${license})`).join(", ")}`,
  );

const [option] = process.argv.slice(2);
if (option === "--texts") console.log(texts());
else if (option === "--check") {
  if (readFileSync(page, "utf8").replaceAll(/[ -]+/g, "") !== table().replaceAll(/[ -]+/g, ""))
    throw new Error("docs/licences.md is old: npm run licences");
} else writeFileSync(page, table());

function table() {
  const rows = [
    ...new Set(needed.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`)),
  ];
  return `# Licences

What \`npm install --global awsrole\` installs, and the stand-alone programs contain (of the native libraries one each). Written by
\`npm run licences\`; CI fails when it is old or a licence is new.

| package | version | licence |
| --- | --- | --- |
${rows.toSorted().join("\n")}
`;
}

function texts() {
  return needed
    .flatMap(({ path, name, version, license }) => {
      const file = filesOf(path).find((entry) => /^licen[cs]e/i.test(entry));
      const text =
        file === undefined ? license : readFileSync(join(root, path, file), "utf8").trim();
      return filesOf(path).length === 0 ? [] : `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${"-".repeat(78)}\n\n`);
}

/** Empty for another platform's library, which is not installed here. */
function filesOf(path) {
  try {
    return readdirSync(join(root, path));
  } catch {
    return [];
  }
}
