/** The numbers the program is held to, and whether a run of the benchmark met them. */
import type { Herd, SignedOutHerd } from "./herd.ts";
import type { Spread, Timed } from "./timing.ts";

export type Measured = {
  readonly lines: readonly Timed[];
  readonly people: readonly Timed[];
  readonly configs: readonly Timed[];
  readonly memory: readonly { readonly name: string; readonly mb: Spread }[];
  readonly herds: readonly Herd[];
  readonly signedOut: SignedOutHerd;
};

export type Goal = {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly met: boolean;
};

/** Judges medians of the same run against each other. A goal whose line was not measured is left out. */
export function judge({ lines, people, configs, memory, herds, signedOut }: Measured): Goal[] {
  const old = process.versions.node.startsWith("20.");
  const ms = (from: readonly Timed[], name: string) =>
    from.find((line) => line.name === name)?.ms.median;
  const mb = (name: string) => memory.find((line) => line.name === name)?.mb.median;
  const bare = ms(lines, "bare node");
  const hit = ms(lines, "cache hit, keychain");
  return [
    old
      ? ratio("a cache hit", hit, "bare node", bare, 1.2)
      : within("a cache hit over bare node", difference(hit, bare), 12),
    ratio(
      "the same by the stand-alone program",
      ms(lines, "stand-alone program, cache hit"),
      "bare node",
      bare,
      1.2,
    ),
    ratio("the same of an SSO role", ms(lines, "cache hit, SSO role"), "a role's", hit, 1.05),
    ...["cache hit, encrypted file", "cache hit, encrypted file with a key file"].map((name) =>
      ratio(name, ms(lines, name), "the keychain's", hit, 1.3),
    ),
    ratio(
      "50 at once, without a sign-in",
      signedOut.ms.median,
      "as many bare nodes",
      signedOut.bareNodeMs.median,
      2.5,
    ),
    ratio("a miss", ms(lines, "miss"), "the SDK script", ms(lines, "ten-line SDK script"), 1.15),
    ratio("peak memory of a hit", mb("cache hit, keychain"), "bare node", mb("bare node"), 1.15),
    ...["cache hit, keychain", "stand-alone program, cache hit"].map((name) => {
      const crowd = herds.find((herd) => herd.name === name && herd.processes === 200);
      const [warm, bareNodes] = [crowd?.warmMs.median, crowd?.bareNodeMs.median];
      return ratio(`200 at once: ${name}`, warm, "as many bare nodes", bareNodes, 1.2);
    }),
    within(
      "one profile out of 10000, over the small file",
      difference(ms(configs, "one profile of 10000"), ms(configs, "cache hit, keychain")),
      20,
    ),
    ...people.slice(1).map(({ name, ms }) => within(name, ms.median, old ? 200 : 120)),
    ratio(
      "a hit of the stand-alone program",
      ms(lines, "stand-alone program, cache hit"),
      "secret-tool lookup",
      ms(lines, "secret-tool lookup"),
      2.2,
    ),
  ].flat();
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
