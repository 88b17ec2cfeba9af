/**
 * The licences of everything that awsrole ships.
 *
 *     npm run licences              writes docs/internals/licences.md
 *     npm run licences -- --check   fails if that page is old, or a licence is not one of those we may pass on
 *     npm run licences -- --texts   writes dist/LICENSES.txt, all texts, which goes with the package and the stand-alone programs
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.js";
import { shippedPackages } from "./shipped-packages.js";

/** Permissive, and their one condition is met: the texts go along. */
const ALLOWED = new Set(["MIT", "Apache-2.0", "ISC", "0BSD", "BSD-3-Clause", "BSD-2-Clause"]);

/** Packages without a text of their own, and one of the same authors and licence that has it. */
const TEXT_OF = {
  "@aws-sdk/credential-provider-http": "@aws-sdk/client-sts",
  "@aws-sdk/credential-provider-login": "@aws-sdk/client-sts",
  "@aws-sdk/nested-clients": "@aws-sdk/client-sts",
  "proxy-agent-negotiate": "https-proxy-agent",
};

const page = join(root, "docs", "internals", "licences.md");
const shipped = shippedPackages();

/** `(MIT OR Apache-2.0)`: one that may be passed on is enough. */
const isAllowed = (license) =>
  license
    .replaceAll(/^\(|\)$/g, "")
    .split(" OR ")
    .some((one) => ALLOWED.has(one));
const refused = shipped.filter(({ license }) => !isAllowed(license));
if (refused.length > 0)
  throw new Error(
    `not allowed: ${refused.map(({ name, license }) => `${name} (${license})`).join(", ")}`,
  );

const [option] = process.argv.slice(2);
if (option === "--texts") writeFileSync(join(root, "dist", "LICENSES.txt"), texts());
else if (option === "--check") {
  if (readFileSync(page, "utf8").replaceAll(/[ -]+/g, "") !== table().replaceAll(/[ -]+/g, ""))
    throw new Error("docs/internals/licences.md is old: npm run licences");
} else writeFileSync(page, table());

function table() {
  const rows = [
    ...new Set(
      shipped.map(
        ({ name, version, license, isBundled }) =>
          `| ${name} | ${version} | ${license} | ${isBundled ? "in dist/" : "beside it"} |`,
      ),
    ),
  ];
  return `# Licences

The packages that awsrole is made with: in its own files, or installed beside it (of the native libraries only the one that fits). The stand-alone
programs contain those that their platform uses. Their texts are in \`LICENSES.txt\`. Written by \`npm run licences\`; CI fails when it is old or a licence is new.

| package | version | licence | where |
| --- | --- | --- | --- |
${rows.toSorted().join("\n")}
`;
}

/** Each text once, below the packages it covers. */
function texts() {
  const covered = new Map();
  for (const { path, name, version, license } of shipped) {
    if (filesOf(path).length === 0) continue;
    const folder = TEXT_OF[name] === undefined ? path : join("node_modules", TEXT_OF[name]);
    const file = filesOf(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined)
      throw new Error(`${name} has no licence text: say in TEXT_OF whose it is`);
    const text = readFileSync(join(root, folder, file), "utf8").trim();
    covered.set(text, [...(covered.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...covered]
    .map(([text, names]) => `${names.join("\n")}\n\n${text}\n`)
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
