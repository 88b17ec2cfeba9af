/**
 * Puts the corpus to awsrole and botocore, and prints what differs as JSON (`Report`). To be run in the closed world:
 * `run.ts FOLDER_OF_ORACLE SHARE [only]`: one row of SHARE, or those whose title `only` matches.
 */
import { spawnSync } from "node:child_process";
import type { Outcome } from "../../src/clients/client-names.ts";
import { consumersOf } from "../../src/clients/sdk-behavior.ts";
import { awsFiles } from "../support/aws-files.ts";
import { answerAsAws } from "../support/closed-world/aws.ts";
import { startWorld } from "../support/closed-world/servers.ts";
import { openAsking, type Pair } from "./ask.ts";
import { type Difference, differences } from "./compare.ts";
import { generatedConfigs } from "./generate.ts";
import { oddConfigs } from "./odd-configs/index.ts";
import type { OracleRow } from "./row.ts";
import { ruleFor } from "./rules.ts";

/** What came of a run. */
export type Report = {
  readonly rows: number;
  /** Rows in which both are the same, place by place. */
  readonly same: number;
  /** Rows that each rule explains a difference of. */
  readonly byRule: Readonly<Record<string, number>>;
  readonly unexplained: readonly {
    readonly row: OracleRow;
    readonly places: readonly Difference[];
    readonly ours: string;
    readonly theirs: string;
  }[];
  /** The titles of the rows of each rule. */
  readonly titles: Readonly<Record<string, readonly string[]>>;
  /** Rows in which `explain` says something else of botocore than botocore did. */
  readonly explainedWrong: readonly string[];
  /** Rows of a mixture that was measured. */
  readonly explained: number;
  /** What AWS's models forbid of our requests. */
  readonly violations: readonly string[];
  /** Rows that botocore cannot answer here, and why. */
  readonly left: string;
};

const [folder = "", share = "1", only] = process.argv.slice(2);
const noLogin = spawnSync("python3", ["-c", "import awscrt"]).status !== 0;
const chosen = [...oddConfigs, ...generatedConfigs()].filter(
  ({ title, config }, index) =>
    (only === undefined ? index % Number(share) === 0 : new RegExp(only).test(title)) &&
    !(noLogin && /^login_session\s*=\s*\S/im.test(config)),
);

const world = await startWorld(answerAsAws);
const asking = openAsking(world, folder);
const titles: Record<string, string[]> = {};
const unexplained: Report["unexplained"][number][] = [];
const violations: string[] = [];
const explainedWrong: string[] = [];
let explained = 0;
let same = 0;
for (const row of chosen) {
  const pair: Pair = await asking.ask(row);
  violations.push(...pair.violations.map((problem) => `${row.title}: ${problem}`));
  const said = explainBotocore(row);
  const did = wayOf(row, pair.theirs);
  if (said !== undefined) explained += 1;
  // A refusal may be for a value; `explain` speaks of ways.
  if (said !== undefined && did !== "error" && said !== did)
    explainedWrong.push(`${row.title}: ${did}, but explain says ${said}`);
  const found = differences(pair);
  if (found.length === 0) same += 1;
  const names = new Map(found.map((one) => [one, ruleFor(one, pair, row)?.name]));
  for (const name of new Set(names.values()))
    if (name !== undefined) (titles[name] ??= []).push(row.title);
  const places = found.filter((one) => names.get(one) === undefined);
  if (places.length > 0)
    unexplained.push({ row, places, ours: pair.ours.reason, theirs: pair.theirs.reason });
}
asking.close();
world.close();
const report: Report = {
  rows: chosen.length,
  same,
  byRule: Object.fromEntries(Object.entries(titles).map(([name, those]) => [name, those.length])),
  titles,
  unexplained,
  explainedWrong,
  explained,
  violations,
  left: noLogin ? "login_session: botocore needs awscrt for it" : "",
};
process.stdout.write(JSON.stringify(report), () => process.exit(0));

/** What `explain` says of botocore; undefined for what was not measured, and for files that awsrole refuses. */
function explainBotocore({ config, credentials }: OracleRow): Outcome | undefined {
  try {
    const { mixture, does } = consumersOf(awsFiles(config, credentials), "p");
    return mixture === undefined ? undefined : does.botocore;
  } catch {
    return undefined;
  }
}

/** Which way botocore went. */
function wayOf(
  { config, credentials = "" }: OracleRow,
  { outcome, asked, processes }: Pair["theirs"],
): Outcome {
  if (outcome.kind === "refused") return "error";
  const action = asked.map(({ body }) => body["Action"]).findLast((one) => one !== undefined);
  if (action === "AssumeRoleWithWebIdentity") return "web-identity";
  if (action !== undefined) return "role";
  if (asked.some(({ what }) => what === "GET /federation/credentials")) return "sso";
  if (outcome.accessKeyId.startsWith("ASIALOGIN")) return "login";
  if (processes.length > 0) return "process";
  return `${config}${credentials}`.includes(outcome.accessKeyId) ? "key" : "unusable";
}
