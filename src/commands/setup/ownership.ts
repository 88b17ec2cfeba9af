/** Whose a user, role or policy is. Only what carries this setup's tag is ever changed or taken away. */
import type { Owned } from "../../aws/iam-admin.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import type { SetupPlan } from "./plan.ts";

/** True when it carries the tag of this setup. */
export function isOurs({ tags }: Owned, { tag }: SetupPlan): boolean {
  return tags.get(tag.key) === tag.value;
}

/** The thing if it is ours, undefined if there is none. @throws ERR_AWS_REFUSED, naming it, when it is somebody else's. */
export function requireOurs<T extends Owned>(
  found: T | undefined,
  plan: SetupPlan,
  [kind, name, remedy]: readonly [kind: string, name: string, remedy: string],
): T | undefined {
  if (found === undefined || isOurs(found, plan)) return found;
  const other = found.tags.get(plan.tag.key);
  throw new AwsRoleError(
    "ERR_AWS_REFUSED",
    `there is a ${kind} ${name} already, which ${other === undefined ? "setup did not make" : `belongs to the setup ${other}`} (${found.arn}): it is not touched`,
    { hint: remedy },
  );
}
