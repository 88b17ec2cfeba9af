/** Who is the source of whom, as a tree of profiles. */
import { escapeControls } from "../../foundation/text.ts";
import type { ProfileSummary } from "../../profiles/summary.ts";

/**
 * Every profile once, below its source, in the order given. At the top are those without a source profile, and one of every
 * circle: where the circle closes, its name is repeated with a remark. `exists`: of a source that is not among them.
 */
export function drawTree(
  profiles: readonly ProfileSummary[],
  exists: (profile: string) => boolean,
): string {
  const known = new Map(profiles.map((one) => [one.name, one]));
  const children = new Map<string, ProfileSummary[]>();
  for (const one of profiles) {
    if (one.sourceProfile === undefined) continue;
    const siblings = children.get(one.sourceProfile);
    if (siblings === undefined) children.set(one.sourceProfile, [one]);
    else siblings.push(one);
  }
  const drawn = new Set<string>();
  const lines: string[] = [];
  // Without recursion: a chain may be longer than the stack is deep.
  const drawFrom = (root: ProfileSummary): void => {
    const open: Line[] = [{ one: root, indent: "", branch: "" }];
    for (let line = open.pop(); line !== undefined; line = open.pop()) {
      const { one, indent, branch } = line;
      const isAgain = drawn.has(one.name);
      lines.push(escapeControls(`${indent}${branch}${describe(one, exists, isAgain)}`));
      if (isAgain) continue;
      drawn.add(one.name);
      const below = children.get(one.name) ?? [];
      const deeper = indent + (branch === "" ? "" : branch === last ? "   " : "│  ");
      open.push(
        ...below
          .map((child, index) => ({
            one: child,
            indent: deeper,
            branch: index === below.length - 1 ? last : "├─ ",
          }))
          .toReversed(),
      );
    }
  };
  const isRoot = ({ sourceProfile }: ProfileSummary): boolean =>
    sourceProfile === undefined || !known.has(sourceProfile);
  for (const root of profiles.filter(isRoot)) drawFrom(root);
  for (const { name } of profiles) {
    const start = drawn.has(name) ? undefined : circleAbove(name, known);
    if (start !== undefined) drawFrom(start);
  }
  return lines.map((line) => `${line}\n`).join("");
}

type Line = { readonly one: ProfileSummary; readonly indent: string; readonly branch: string };

const last = "└─ ";

function describe(
  { name, kind, roleArn, ssoRole, sourceProfile, otherSource, error }: ProfileSummary,
  exists: (profile: string) => boolean,
  isAgain: boolean,
): string {
  const isLost = sourceProfile !== undefined && !exists(sourceProfile);
  return [
    `${name}  ${roleArn ?? ssoRole ?? error ?? kind}`,
    ...(otherSource === undefined ? [] : [otherSource]),
    ...(isLost ? [`(there is no profile ${sourceProfile})`] : []),
    ...(isAgain ? ["(a circle)"] : []),
  ].join("  ");
}

/** The first profile of the circle that a profile's sources end in. */
function circleAbove(
  name: string,
  known: ReadonlyMap<string, ProfileSummary>,
): ProfileSummary | undefined {
  const path: string[] = [];
  for (let at = known.get(name); at !== undefined; at = known.get(at.sourceProfile ?? "")) {
    if (path.includes(at.name)) {
      const circle = new Set(path.slice(path.indexOf(at.name)));
      return [...known.values()].find((one) => circle.has(one.name));
    }
    path.push(at.name);
  }
  return undefined;
}
