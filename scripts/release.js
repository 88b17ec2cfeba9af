/**
 * Makes a release: version, changelog, commit, tag. Pushing the tag publishes it (.github/workflows/release.yml).
 *
 *     npm run release -- 1.2.0            on a clean main whose checks have passed
 *     npm run release -- 1.2.0 --dry-run  shows what would change
 *     npm run release -- 1.2.0 --notes    prints what the changelog says of a version, for the release page
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { npm } from "./npm.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const [version = "", option] = process.argv.slice(2);
const read = (file) => readFileSync(`${root}${file}`, "utf8");
const git = (...words) => execFileSync("git", words, { cwd: root, encoding: "utf8" }).trim();

function fail(why) {
  console.error(`release: ${why}`);
  process.exit(1);
}

const isNewer = (a, b) => {
  const [left, right] = [a, b].map((text) => text.split(".").map(Number));
  const at = left.findIndex((part, index) => part !== right[index]);
  return at !== -1 && left[at] > right[at];
};

if (option === "--notes") {
  const sections = read("CHANGELOG.md").split(/^## /m);
  const section = sections.find((one) => one.startsWith(`[${version}]`));
  if (section === undefined) fail(`CHANGELOG.md has nothing about ${version}`);
  else process.stdout.write(`${section.replace(/^.*\n+/, "").trim()}\n`);
  process.exit();
}

const current = JSON.parse(read("package.json")).version;
if (!/^\d+\.\d+\.\d+$/.test(version)) fail("say which version: npm run release -- 1.2.0");
if (!isNewer(version, current) && current !== "0.1.0")
  fail(`${version} is not newer than ${current}`);
if (git("tag", "--list", `v${version}`) !== "") fail(`there is a tag v${version} already`);

// npm refuses provenance without it, and people find the source and report faults by these. There is nothing to write there until there is a place.
const { repository, bugs, homepage } = JSON.parse(read("package.json"));
if (!repository || !bugs || !homepage)
  fail("package.json names no repository, bugs and homepage: where the project is published");

const changelog = read("CHANGELOG.md");
const unreleased = /## \[Unreleased\]\n([^]*?)(?=\n## \[|$)/.exec(changelog)?.[1]?.trim();
if (!unreleased) fail("CHANGELOG.md has nothing under Unreleased");
const today = new Date().toISOString().slice(0, 10);
const released = changelog.replace(
  "## [Unreleased]\n",
  `## [Unreleased]\n\n## [${version}] - ${today}\n`,
);

if (option === "--dry-run") {
  console.log(
    `package.json, package-lock.json: ${current} -> ${version}\n\n## [${version}] - ${today}\n\n${unreleased}`,
  );
} else {
  if (git("status", "--porcelain") !== "") fail("there are changes that are not committed");
  if (git("branch", "--show-current") !== "main") fail("releases are made from main");
  npm(["version", "--no-git-tag-version", "--allow-same-version", version], {
    cwd: root,
    stdio: "ignore",
  });
  writeFileSync(`${root}CHANGELOG.md`, released);
  npm(["exec", "oxfmt", "CHANGELOG.md", "package.json"], { cwd: root });
  git("commit", "--all", "--message", `Release ${version}`);
  git("tag", "--annotate", `v${version}`, "--message", `awsrole ${version}\n\n${unreleased}`);
  console.log(`tagged v${version}; to publish it: git push --follow-tags`);
}
