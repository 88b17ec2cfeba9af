/** The numbers the program is held to, and whether a run of the benchmark met them. */
import type { Herd, ManyProfiles, SignedOutHerd } from "./herd.ts";
import { commands, nameOf, yargsAlone } from "./people.ts";
import type { Spread, Timed } from "./timing.ts";

export type Measured = {
  readonly lines: readonly Timed[];
  readonly people: readonly Timed[];
  readonly configs: readonly Timed[];
  readonly memory: readonly { readonly name: string; readonly mb: Spread }[];
  readonly herds: readonly Herd[];
  readonly among: readonly Timed[];
  readonly signedOut: SignedOutHerd | undefined;
  readonly many: ManyProfiles | undefined;
};

export type Goal = {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly met: boolean;
};

/** Judges medians of the same run against each other. A goal whose line was not measured is left out. */
export function judge(measured: Measured): Goal[] {
  return [...ofOneProcess(measured), ...ofPeople(measured), ...ofHerds(measured)];
}

function ofOneProcess({ lines, configs, memory }: Measured): Goal[] {
  const old = process.versions.node.startsWith("20.");
  const ms = (name: string) => medianOf(lines, name);
  const mb = (name: string) => memory.find((line) => line.name === name)?.mb.median;
  const bare = ms("bare node");
  const hit = ms("cache hit, keychain");
  const standaloneHit = ms("stand-alone program, cache hit");
  return [
    old
      ? ratio("a cache hit", hit, "bare node", bare, 1.2)
      : within("a cache hit over bare node", difference(hit, bare), 12),
    ratio("a cache hit", hit, "the floor of node", ms("floor of node"), 1.1),
    ratio("a hit of the stand-alone program", standaloneHit, "bare node", bare, 1.2),
    ...(
      [
        ["its floor", "floor of the stand-alone program", 1.1],
        ["secret-tool lookup", "secret-tool lookup", 1.35],
        ["aws-vault's", "aws-vault, role with MFA, cached", 0.85],
      ] as const
    ).map(([base, name, limit]) =>
      ratio("a hit of the stand-alone program", standaloneHit, base, ms(name), limit),
    ),
    ratio("a hit of an SSO role", ms("cache hit, SSO role"), "a role's", hit, 1.05),
    ...[
      "cache hit, encrypted file with a key file",
      "cache hit, encrypted file with its key kept",
    ].map((name) => ratio(name, ms(name), "the keychain's", hit, 1.3)),
    ratio(
      "stand-alone program, encrypted file with a key file",
      ms("stand-alone program, encrypted file with a key file"),
      "the keychain's",
      standaloneHit,
      1.3,
    ),
    ratio("a miss", ms("miss"), "the SDK script", ms("ten-line SDK script"), 1.15),
    ratio("peak memory of a hit", mb("cache hit, keychain"), "bare node", mb("bare node"), 1.15),
    within(
      "one profile out of 10000, over the small file",
      difference(
        medianOf(configs, "one profile of 10000"),
        medianOf(configs, "cache hit, keychain"),
      ),
      20,
    ),
  ].flat();
}

function ofPeople({ people, among }: Measured): Goal[] {
  const ms = (name: string) => medianOf(people, name);
  const bare = ms("bare node");
  const yargs = ms(yargsAlone);
  const half = bare === undefined || yargs === undefined ? undefined : yargs + bare / 2;
  return [
    ...commands.map(({ words, isParsed }) => {
      const name = nameOf(words, "npm");
      return isParsed
        ? ratio(name, ms(name), "(node and yargs + half of bare node)", half, 1)
        : ratio(name, ms(name), "bare node", bare, 2);
    }),
    ...commands.map(({ words }) => {
      const name = nameOf(words, "stand-alone");
      return ratio(name, ms(name), "bare node", bare, 1.5);
    }),
    ...among
      .filter(({ name }) => name.endsWith("of 10000 profiles"))
      .map(({ name, ms: { median } }) =>
        ratio(`awsrole ${name}`, median, "bare node", medianOf(among, "bare node"), 10),
      ),
  ].flat();
}

function ofHerds({ herds, signedOut, many }: Measured): Goal[] {
  const of200 = (name: string) =>
    herds.find((herd) => herd.name === name && herd.processes === 200);
  const npm = of200("cache hit, keychain");
  const standalone = of200("stand-alone program, cache hit");
  return [
    ratio(
      "200 at once: npm package",
      npm?.warmMs.median,
      "as many bare nodes",
      npm?.bareNodeMs.median,
      1.2,
    ),
    ratio(
      "200 at once: stand-alone program",
      standalone?.warmMs.median,
      "as many bare nodes",
      standalone?.bareNodeMs.median,
      0.8,
    ),
    ratio(
      "200 at once, cold: stand-alone program",
      standalone?.coldMs.median,
      "warm",
      standalone?.warmMs.median,
      1.3,
    ),
    ratio(
      "50 at once, without a sign-in",
      signedOut?.ms.median,
      "as many bare nodes",
      signedOut?.bareNodeMs.median,
      2.5,
    ),
    many === undefined
      ? []
      : [
          {
            what: `${many.processes} processes over ${many.profiles} profiles`,
            limit: `${many.profiles} calls, no failure`,
            measured: `${many.calls} calls, ${many.failed} without an answer`,
            met: many.calls === many.profiles && many.failed === 0,
          },
        ],
  ].flat();
}

function medianOf(lines: readonly Timed[], name: string): number | undefined {
  return lines.find((line) => line.name === name)?.ms.median;
}

function difference(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}

function within(what: string, value: number | undefined, limit: number): Goal[] {
  if (value === undefined) return [];
  return [
    { what, limit: `≤ ${limit} ms`, measured: `${value.toFixed(1)} ms`, met: value <= limit },
  ];
}

function ratio(
  what: string,
  value: number | undefined,
  base: string,
  against: number | undefined,
  limit: number,
): Goal[] {
  if (value === undefined || against === undefined) return [];
  const times = value / against;
  return [
    { what, limit: `≤ ${limit} × ${base}`, measured: `× ${times.toFixed(2)}`, met: times <= limit },
  ];
}
