/** An explanation in about ten lines; `--verbose` has all of it. */
import { formatMinutes, formatUntil } from "../../cli/times.ts";
import type { CachedEntry } from "../../clients/cache-entry.ts";
import type { ExplainedHop } from "../../clients/chain-report.ts";
import { type Client, clientNames, type Outcome, outcomes } from "../../clients/client-names.ts";
import type { Consumers } from "../../clients/sdk-behavior.ts";
import { hanging } from "../../cli/messages.ts";
import type { Context } from "../../foundation/context.ts";
import { escapeControls } from "../../foundation/text.ts";

/** What the profile is, who signs, where MFA comes in, how long the session lasts, what is cached, and what programs do with it. Escaped. */
export function printSummary(
  {
    profile,
    chain,
    consumers,
    now,
    isTerminal,
  }: {
    readonly profile: string;
    readonly chain: readonly ExplainedHop[];
    readonly consumers: Consumers;
    readonly now: Date;
    readonly isTerminal: Context["isTerminal"];
  },
  heading: (text: string) => string,
): string {
  const [first] = chain;
  if (first === undefined) return "";
  const asking = chain.find(({ mfa }) => mfa?.asked === true);
  const through = chain
    .slice(1)
    .flatMap(({ profile: name, roleArn }) =>
      roleArn === undefined ? [] : [`${roleArn} (profile ${name})`],
    );
  const rows: readonly (readonly [label: string, text: string])[] = [
    ...(first.roleArn === undefined
      ? [["Source", first.says.replace(/^source: /, "")] as const]
      : []),
    ...(first.call === undefined ? [] : [["Signed by", first.call.signedBy] as const]),
    ...through.slice(1).map((role) => ["Through", role] as const),
    ...(asking?.mfa === undefined
      ? []
      : [["MFA", `a code of ${asking.mfa.serial}, ${frequencyOf(asking)}`] as const]),
    ...(first.duration === undefined
      ? []
      : [
          [
            "Session",
            `${formatMinutes(first.duration.seconds / 60)} (${first.duration.why})`,
          ] as const,
        ]),
    ...chain.flatMap(({ signIn }) => (signIn === undefined ? [] : [["Sign-in", signIn] as const])),
    ...(first.cache === undefined ? [] : cacheRows(first.cache, now)),
    ...programRows(consumers),
  ];
  return [
    heading(
      escapeControls(first.roleArn === undefined ? profile : `${profile} -> ${first.roleArn}`),
    ),
    ...rows.map(([label, text]) =>
      hanging({ isTerminal }, `   ${label.padEnd(10)} `, escapeControls(text)).trimEnd(),
    ),
    "",
    `Run awsrole explain ${escapeControls(profile)} --verbose for every hop, setting and program.`,
    "",
  ].join("\n");
}

function frequencyOf({ kind, duration }: ExplainedHop): string {
  return kind === "user-session" && duration !== undefined
    ? `once per ${formatMinutes(duration.seconds / 60)}`
    : "for every new session";
}

function cacheRows(
  { state, why, until, store, changed = [] }: CachedEntry,
  now: Date,
): readonly (readonly [string, string])[] {
  const isCached = (state === "cached" || state === "due") && until !== undefined;
  return [
    [
      "Cache",
      isCached
        ? `until ${formatUntil(new Date(until), now)}, in the store ${store}`
        : `not cached: ${why}`,
    ],
    ...changed.map(
      ({ input, was, is }) =>
        ["Changed", `${input}: ${was ?? "not set"} -> ${is ?? "not set"}`] as const,
    ),
  ];
}

/** A line for each thing that some programs do (or that it was not measured), and last what all others do. */
function programRows({ does, notes }: Consumers): readonly (readonly [string, string])[] {
  const clients = Object.keys(clientNames) as Client[];
  const doing = (kind: Outcome): Client[] => clients.filter((client) => does[client] === kind);
  const [most, ...others] = [...new Set(Object.values(does))].toSorted(
    (one, other) => doing(other).length - doing(one).length,
  );
  const all = others.length === 0 ? "all" : "all others";
  return [
    ...others.map((kind): readonly [string, string] => [
      "Programs",
      `${doing(kind)
        .map((client) => clientNames[client])
        .join(", ")}: ${outcomes[kind]}`,
    ]),
    ...(most === undefined ? [] : [["Programs", `${all}: ${outcomes[most]}`] as const]),
    ...notes.map((note): readonly [string, string] => ["Note", note]),
  ];
}
