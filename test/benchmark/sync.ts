/**
 * What `sync` costs, against the double of IAM Identity Center: 500 accounts with three roles each, at the 20 requests a second that AWS allows,
 * and its own work in a file of 10,000 profiles, against `config --json` of the same file.
 *
 *     npm run build && node scripts/run.js test/benchmark/sync.ts [--runs N]
 *
 * The goals: at most 1.1 times what the rate allows, at most 200 MB, a second run that writes nothing; at most 10 times `config --json`.
 */
import { appendFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { startAwsDouble } from "../support/aws-double.ts";
import { program } from "../support/run-awsrole.ts";
import { createSsoHome } from "../support/sso-home.ts";
import { type Line, peakMemory, spreadOf, timeOnce } from "./timing.ts";

const requestsPerSecond = 20;
const runs = Math.max(
  3,
  Number(parseArgs({ options: { runs: { type: "string" } } }).values.runs ?? 5),
);
const aws = await startAwsDouble();
const home = createSsoHome(
  aws,
  "[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n",
);
try {
  for (const id of aws.identityCenter.accounts.keys()) aws.identityCenter.removeAccount(id);
  for (let at = 0; at < 500; at += 1) addAccount(at, ["Admin", "ReadOnly", "Billing"]);
  home.signIn();
  const first = await timeSync();
  const written = statSync(home.configFile).mtimeMs;
  const second = await timeSync();
  const { mb } = await peakMemory(lineOf("sync"), 1, home.path);
  const unchanged = statSync(home.configFile).mtimeMs === written;
  console.table([
    { run: "first, 1,500 profiles", ...first },
    { run: "second", ...second, unchanged, peakMb: Math.round(mb.median) },
  ]);

  appendFileSync(home.configFile, profiles(8500));
  for (let at = 1; at < 500; at += 1) aws.identityCenter.removeAccount(idOf(at));
  const rounds = [];
  for (let round = 0; round < runs; round += 1) {
    const configMs = await timeOnce(lineOf("config", "--json"));
    const before = aws.requests.length;
    const syncMs = await timeOnce(lineOf("sync", "--dry-run"));
    const waitedMs = ((aws.requests.length - before) / requestsPerSecond) * 1000;
    rounds.push({ configMs, ownMs: syncMs - waitedMs });
  }
  console.table({
    "10,000 profiles": {
      "config --json, ms": Math.round(spreadOf(rounds.map(({ configMs }) => configMs)).median),
      "sync's own work, ms": Math.round(spreadOf(rounds.map(({ ownMs }) => ownMs)).median),
      ratio: rounded(spreadOf(rounds.map(({ configMs, ownMs }) => ownMs / configMs)).median),
    },
  });
} finally {
  await aws.close();
  await home.remove();
}

/** Seconds, and how many times as long as the requests take at the rate that AWS allows. */
async function timeSync() {
  const before = aws.requests.length;
  const ms = await timeOnce(lineOf("sync"));
  const requests = aws.requests.length - before;
  return {
    seconds: rounded(ms / 1000),
    requests,
    "× the rate": rounded(ms / 1000 / (requests / requestsPerSecond)),
  };
}

function lineOf(...words: readonly string[]): Line {
  return { name: words.join(" "), words: [...program, ...words], env: home.env };
}

function addAccount(at: number, roleNames: string[]): void {
  aws.identityCenter.addAccount({ accountId: idOf(at), accountName: `Team ${at}`, roleNames });
}

function idOf(at: number): string {
  return String(100_000_000_000 + at);
}

function profiles(count: number): string {
  return Array.from(
    { length: count },
    (_, at) =>
      `\n[profile p${at}]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/r${at}\nsource_profile = bob\n`,
  ).join("");
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
