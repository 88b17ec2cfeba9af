/**
 * Puts the corpus to awsrole and botocore, and prints what differs as JSON (`Report`). To be run in the closed world:
 * `run.ts FOLDER_OF_ORACLE SHARE [only]`: one row of SHARE, or those whose title `only` matches.
 */
import { spawnSync } from "node:child_process";
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
    !(noLogin && /^login_session = \S/m.test(config)),
);

const world = await startWorld(answerAsAws);
const asking = openAsking(world, folder);
const titles: Record<string, string[]> = {};
const unexplained: Report["unexplained"][number][] = [];
const violations: string[] = [];
let same = 0;
for (const row of chosen) {
  const pair: Pair = await asking.ask(row);
  violations.push(...pair.violations.map((problem) => `${row.title}: ${problem}`));
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
  violations,
  left: noLogin ? "login_session: botocore needs awscrt for it" : "",
};
process.stdout.write(JSON.stringify(report), () => process.exit(0));
