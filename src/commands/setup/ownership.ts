/**
 * Whose a user, role or policy is. Only what carries this setup's tag is ever changed or taken away; and its value, with a random id, is known
 * from this machine's record. Anybody who may make a user can tag it with a setup's name: so without a record what carries such a tag is
 * named, and adopted only when a person says so.
 */
import type { IamAdmin, Owned } from "../../aws/iam-admin.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { isTagOf, newTagValue, type SetupPlan } from "./plan.ts";

/** True when it carries the tag of this setup. */
export function isOurs({ tags }: Owned, { tag }: SetupPlan): boolean {
  return tags.get(tag.key) === tag.value;
}

/** The thing if it is ours, undefined if there is none. @throws ERR_AWS_REFUSED, naming it, when it is not. */
export function assertOwned<T extends Owned>(
  found: T | undefined,
  plan: SetupPlan,
  [kind, name, remedy]: readonly [kind: string, name: string, remedy: string],
): T | undefined {
  if (found === undefined || isOurs(found, plan)) return found;
  const other = found.tags.get(plan.tag.key);
  throw new AwsRoleError(
    "ERR_AWS_REFUSED",
    `${kind} ${name} already exists, which ${other === undefined ? "setup did not create" : `belongs to the setup ${other}`} (${found.arn}); it was left alone`,
    { hint: remedy },
  );
}

/** What carries a tag of a setup of this name. */
export type Found = { readonly kind: "user" | "role" | "policy"; readonly thing: Owned };

/**
 * The value that marks this setup's things where no record says it: that of what is found, if `consent` resolves; else a new one.
 * @throws ERR_AWS_REFUSED for things of several setups, what `consent` throws.
 */
export async function findTagValue(
  { name, user, role, policyArn, tag }: SetupPlan,
  admin: IamAdmin,
  consent: (found: readonly Found[]) => Promise<void>,
): Promise<string> {
  const things = [
    ["user", await admin.findUser(user)],
    ["role", await admin.findRole(role)],
    ["policy", await admin.findPolicy(policyArn)],
  ] as const;
  const found = things.flatMap(([kind, thing]): Found[] =>
    thing !== undefined && isTagOf(name, thing.tags.get(tag.key)) ? [{ kind, thing }] : [],
  );
  const [value, ...others] = new Set(found.map(({ thing }) => thing.tags.get(tag.key)));
  if (value === undefined) return newTagValue(name);
  if (others.length > 0) {
    throw new AwsRoleError(
      "ERR_AWS_REFUSED",
      `several setups are named ${name}: ${found.map((one) => describeFound(one, tag.key)).join(", ")}`,
      { hint: "choose another NAME, or delete the ones you do not need" },
    );
  }
  await consent(found);
  return value;
}

/** `user arn:… (tag prod:…, made 2026-11-30)`. */
export function describeFound({ kind, thing }: Found, tagKey: string): string {
  const made =
    thing.createdAt === undefined ? "" : `, created ${thing.createdAt.toISOString().slice(0, 10)}`;
  return `${kind} ${thing.arn} (tag ${tagKey}=${thing.tags.get(tagKey)}${made})`;
}

/**
 * @throws ERR_AWS_REFUSED for a user that can sign in by other ways than its key, or may do more than its policy says: that is
 * nothing setup makes, and the one who added it may know the password.
 */
export async function refuseExtras({ user }: SetupPlan, admin: IamAdmin): Promise<void> {
  const { hasPassword, groups, inlinePolicies } = await admin.extrasOfUser(user);
  const extras = [
    hasPassword ? ["a console password"] : [],
    groups.length > 0 ? [`the groups ${groups.join(", ")}`] : [],
    inlinePolicies.length > 0 ? [`the inline policies ${inlinePolicies.join(", ")}`] : [],
  ].flat();
  if (extras.length === 0) return;
  throw new AwsRoleError(
    "ERR_AWS_REFUSED",
    `user ${user} has ${extras.join(" and ")}, which setup does not create; it was left alone`,
    { hint: "choose another name with --user, or remove them from the user first" },
  );
}
