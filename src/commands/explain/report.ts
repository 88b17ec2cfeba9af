/** An explanation as text. */
import { escapeControls } from "../../foundation/text.ts";
import { printTable } from "../../cli/table.ts";
import type { CachedEntry } from "../../clients/cache-entry.ts";
import { type Client, clientNames, outcomes } from "../../clients/client-names.ts";
import type { Consumers } from "../../clients/sdk-behavior.ts";
import type { ExplainedHop } from "../../clients/chain-report.ts";

/** Several lines, escaped. `heading` styles a line as one; `homeFolder` is written `~`. */
export function printExplanation(
  {
    profile,
    chain,
    consumers,
  }: { profile: string; chain: readonly ExplainedHop[]; consumers: Consumers },
  heading: (text: string) => string,
  homeFolder: string,
): string {
  const short = (file: string): string =>
    homeFolder !== "" && file.startsWith(`${homeFolder}/`)
      ? `~${file.slice(homeFolder.length)}`
      : file;
  const lines = chain.flatMap((hop, index) => [
    heading(escapeControls(`${index + 1}. ${title(hop)}`)),
    ...details(hop).map((line) => `   ${escapeControls(line)}`),
    ...settingLines(hop, short).map((line) => `     ${escapeControls(line)}`),
    "",
  ]);
  return [...lines, printConsumers(profile, consumers, heading)].join("\n");
}

/** The last part alone. */
export function printConsumers(
  profile: string,
  { says, does, notes }: Consumers,
  heading: (text: string) => string,
): string {
  const programs = (Object.keys(clientNames) as Client[]).map((client) => [
    clientNames[client],
    outcomes[does[client]],
  ]);
  return [
    heading(`What programs do with ${escapeControls(profile)}`),
    `   ${escapeControls(says)}`,
    "",
    printTable(["PROGRAM", "WHAT IT DOES"], programs).trimEnd(),
    ...notes.map((note) => `   ${note}`),
    "",
  ].join("\n");
}

function title({ kind, profile, roleArn }: ExplainedHop): string {
  if (kind === "role") return `profile ${profile}: ${roleArn}`;
  return kind === "user-session" ? `profile ${profile}: session of the user` : `profile ${profile}`;
}

function details({ says, call, duration, mfa, signIn, cache }: ExplainedHop): string[] {
  return [
    says,
    ...(call === undefined
      ? []
      : [
          `call:     ${call.action} in ${call.region}${call.endpoint === undefined ? "" : ` at ${call.endpoint}`}`,
          `signed:   by ${call.signedBy}`,
        ]),
    ...(duration === undefined ? [] : [`duration: ${duration.seconds} s (${duration.why})`]),
    ...(mfa === undefined
      ? []
      : [
          mfa.asked
            ? `MFA:      a code of ${mfa.serial}, from ${mfa.from} (${mfa.why})`
            : `MFA:      no code here (${mfa.why})`,
        ]),
    ...(signIn === undefined ? [] : [`sign-in:  ${signIn}`]),
    ...(cache === undefined ? [] : cacheLines(cache)),
  ];
}

function cacheLines({ state, why, inputs, until, store, changed = [] }: CachedEntry): string[] {
  const key = Object.entries(inputs).map(([input, value]) => `${input} = ${value}`);
  const place = until === undefined ? "" : ` until ${until} in the store ${store}`;
  const states = {
    cached: `cached${place} (${why})`,
    due: `cached${place} (${why})`,
    expired: `not cached (${why})`,
    other: `not cached (${why})`,
    none: `not cached (${why})`,
  };
  return [
    `cache:    ${states[state]}`,
    `key:      ${key.join("; ")}`,
    ...changed.map(
      ({ input, was, is }) =>
        `          changed: ${input}: ${was ?? "not set"} -> ${is ?? "not set"}`,
    ),
  ];
}

function settingLines({ settings }: ExplainedHop, short: (file: string) => string): string[] {
  const texts = settings.map(({ key, value }) => `${key} = ${value.replaceAll(/\s*\n\s*/g, "; ")}`);
  const widest = Math.min(70, Math.max(0, ...texts.map((text) => text.length)));
  return settings.map(
    ({ file, line }, index) => `${(texts[index] ?? "").padEnd(widest)}  # ${short(file)}:${line}`,
  );
}
