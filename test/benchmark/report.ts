/** A run of the benchmark as Markdown, ready for docs/internals/performance.md. */
import type { Results } from "./bench.ts";
import type { Spread, Timed } from "./timing.ts";

export function toMarkdown({ machine, ...results }: Results): string {
  const { lines, people, among, configs, memory, herds, signedOut, many, sizes } = results;
  const { goals, absent } = results;
  return [
    `${machine.date} · ${machine.processor}, ${machine.cores} cores · ${machine.system} · node ${machine.node} · awsrole ${machine.awsrole} · ${machine.awsCli} · ${machine.secretService}`,
    "Medians; in brackets the quartiles. The ratio to bare node is taken round by round.",
    table(
      ["goal", "limit", "measured", "met"],
      goals.map(({ what, limit, measured, met }) => [
        what,
        limit,
        measured,
        met ? "yes" : "**no**",
      ]),
    ),
    timed("one process", lines),
    timed("commands for people", people),
    timed("among many profiles", among),
    timed("size of the config file", configs),
    table(
      ["peak memory", "MB", "× bare node"],
      memory.map(({ name, mb }) => [
        name,
        spread(mb),
        (mb.median / memory[0]!.mb.median).toFixed(2),
      ]),
    ),
    table(
      [
        "processes at once",
        "program",
        "bare node, s",
        "warm, s",
        "warm × bare",
        "cold, s",
        "STS calls cold",
        "warm",
        "no answer",
      ],
      herds.map((herd) => [
        String(herd.processes),
        herd.name,
        seconds(herd.bareNodeMs),
        seconds(herd.warmMs),
        spread(herd.warmRatio, 2),
        seconds(herd.coldMs),
        String(herd.coldCalls),
        String(herd.warmCalls),
        String(herd.failed),
      ]),
    ),
    table(
      [
        "processes at once, without a sign-in",
        "bare node, s",
        "awsrole, s",
        "× bare",
        "not exit 3",
        "requests to AWS",
      ],
      (signedOut === undefined ? [] : [signedOut]).map((herd) => [
        String(herd.processes),
        seconds(herd.bareNodeMs),
        seconds(herd.ms),
        spread(herd.ratio, 2),
        String(herd.otherCodes),
        String(herd.requests),
      ]),
    ),
    table(
      ["processes at once, over profiles", "program", "× bare node", "STS calls", "no answer"],
      (many === undefined ? [] : [many]).map((herd) => [
        `${herd.processes} over ${herd.profiles}, cold`,
        herd.name,
        (herd.ms / herd.bareNodeMs).toFixed(2),
        String(herd.calls),
        String(herd.failed),
      ]),
    ),
    table(
      ["size", "MB"],
      sizes.map(({ what, mb }) => [what, mb.toFixed(1)]),
    ),
    absent.length === 0 ? "" : `Not measured: ${absent.join("; ")}.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** The ratios to bare node that differ by more than a tenth from those on the page, a line each; the same lines have the same names. */
export function changesSince(committed: string, now: string): string {
  const before = ratiosIn(committed);
  const changes = [...ratiosIn(now)].flatMap(([name, ratio]) => {
    const earlier = before.get(name);
    if (earlier === undefined || Math.abs(ratio / earlier - 1) <= 0.1) return [];
    return [`  ${name}: × ${earlier} on the page, × ${ratio} now\n`];
  });
  return changes.length === 0
    ? "bench: no ratio differs from the page's by more than a tenth\n"
    : `bench: these differ from the page by more than a tenth:\n${changes.join("")}`;
}

/** Of each line of the tables of times: its name, and the median of its ratio. */
function ratiosIn(tables: string): ReadonlyMap<string, number> {
  const rows = tables.matchAll(
    /^\| ([^|]+?) +\| [\d.]+ \([^|]*\) +\| ([\d.]+) \([^|]*\) +\| -?[\d.]+ +\|$/gm,
  );
  return new Map([...rows].map(([, name = "", ratio]) => [name, Number(ratio)]));
}

function timed(title: string, lines: readonly Timed[]): string {
  return table(
    [`${title} (${lines[0]?.runs} runs)`, "ms", "× bare node", "over it, ms"],
    lines.map(({ name, ms, ratio }, index) => [
      name,
      spread(ms),
      index === 0 ? "1" : spread(ratio, 2),
      index === 0 ? "" : (ms.median - lines[0]!.ms.median).toFixed(1),
    ]),
  );
}

function seconds({ median, low, high }: Spread): string {
  return spread({ median: median / 1000, low: low / 1000, high: high / 1000 }, 2);
}

function spread({ median, low, high }: Spread, digits = 1): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map((row) => line(row))].join("\n");
}
