/** One cause, one finding: which findings follow from another, and which are the same thing in several profiles. */
import type { Finding } from "./finding.ts";
import type { FindingId } from "./rules.ts";

/** The same thing wrong in several profiles. */
export type Cause = { readonly first: Finding; readonly others: readonly Finding[] };

/** What follows from a line that has a finding of its own, in the same profile. */
const consequences: ReadonlySet<FindingId> = new Set([
  "profile-invalid",
  "source-missing",
  "region-unknown",
  "no-region",
  "clients-disagree",
]);
const causes: ReadonlySet<FindingId> = new Set([
  "invisible-character",
  "capital-key",
  "continued-value",
  "mfa-device",
]);

/** The findings without those that another one of the same profile explains. */
export function withoutConsequences(all: readonly Finding[]): readonly Finding[] {
  return all.filter(
    (one) =>
      !(
        consequences.has(one.id) &&
        all.some(
          (other) =>
            other.profile !== undefined &&
            other.profile === one.profile &&
            (causes.has(other.id) || isShadowOf(other, one)),
        )
      ) && !isOfVariable(one, all),
  );
}

/** `profile-invalid` for a variable that has a finding of its own. */
function isOfVariable(refused: Finding, all: readonly Finding[]): boolean {
  const variable = /\((AWS_\w+)\)$/.exec(refused.what)?.[1];
  return (
    refused.id === "profile-invalid" &&
    variable !== undefined &&
    all.some(({ id, what }) => id === "env-region-unknown" && what.startsWith(`${variable} `))
  );
}

/** `profile-invalid` for a key that the credentials file has under the same name. */
function isShadowOf({ id, file, line }: Finding, refused: Finding): boolean {
  return (
    id === "shadowed" &&
    refused.id === "profile-invalid" &&
    refused.what.includes(`(${file}:${line})`)
  );
}

/** Findings that differ in their profile only, together; in the order of the first of each. */
export function groupByCause(findings: readonly Finding[]): readonly Cause[] {
  type Group = { readonly first: Finding; readonly others: Finding[] };
  const groups: Group[] = [];
  const known = new Map<string, Group>();
  for (const finding of findings) {
    const { id, what, fix, profile } = finding;
    // What is wrong with a source has the same words in each profile that leads to it.
    const literal = JSON.stringify([id, what, fix]);
    const generic = JSON.stringify([id, withoutName(what, profile), withoutName(fix, profile)]);
    const same = known.get(literal) ?? known.get(generic);
    if (same !== undefined && profile !== undefined) {
      same.others.push(finding);
      continue;
    }
    const group: Group = { first: finding, others: [] };
    groups.push(group);
    if (profile !== undefined) known.set(literal, group).set(generic, group);
  }
  return groups;
}

/** The text with the profile's name, where it is a word, taken out. */
function withoutName(text: string, name: string | undefined): string {
  return text
    .split(/([\s[\](),;:'"=]+)/)
    .map((word) => (word === name ? "" : word))
    .join("");
}
