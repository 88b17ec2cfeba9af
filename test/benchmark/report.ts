/** A run of the benchmark as Markdown, ready for docs/internals/performance.md. */
import type { Results } from "./bench.ts";
import type { Spread, Timed } from "./timing.ts";

export function toMarkdown({ machine, ...results }: Results): string {
  const { lines, people, configs, memory, herds, signedOut, goals, absent } = results;
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
      [
        [
          String(signedOut.processes),
          seconds(signedOut.bareNodeMs),
          seconds(signedOut.ms),
          spread(signedOut.ratio, 2),
          String(signedOut.otherCodes),
          String(signedOut.requests),
        ],
      ],
    ),
    absent.length === 0 ? "" : `Not measured: ${absent.join("; ")}.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
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
