/** Where two results differ, place by place. */
import type { Pair } from "./ask.ts";
import type { Asked, Result } from "./row.ts";

/** A place in the results, as `asked[0].where`, and what each has there; undefined: nothing. */
export type Difference = {
  readonly path: string;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
};

/** All places in which the two results differ, in a fixed order. Reasons are words for people and never compared. */
export function differences({ ours, theirs }: Pair): readonly Difference[] {
  const [one, other] = [flatten(ours), flatten(theirs)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((path) => !isEqual(path, one.get(path), other.get(path)))
    .map((path) => ({ path, ours: one.get(path), theirs: other.get(path) }));
}

/** Where AWS says in how many seconds something ends, each program counts from its own request. */
function isEqual(path: string, ours: string | undefined, theirs: string | undefined): boolean {
  if (path !== "expiration" || !ours || !theirs) return ours === theirs;
  return Math.abs(Date.parse(ours) - Date.parse(theirs)) <= 30_000;
}

function flatten({ outcome, asked, processes }: Result): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(outcome)) all.set(key, value);
  asked.forEach((one, index) => {
    for (const [place, value] of placesOf(one)) all.set(`asked[${index}].${place}`, value);
  });
  processes.forEach((line, index) => all.set(`processes[${index}]`, line));
  return all;
}

function placesOf({
  query,
  headers,
  body,
  ...plain
}: Asked): readonly (readonly [string, string])[] {
  return [
    ...Object.entries(plain),
    ...Object.entries(query).map(([key, value]) => [`query.${key}`, value] as const),
    ...Object.entries(headers).map(([key, value]) => [`headers.${key}`, value] as const),
    ...Object.entries(body).map(
      ([key, value]) =>
        [`body.${key}`, typeof value === "string" ? value : JSON.stringify(value)] as const,
    ),
  ];
}
