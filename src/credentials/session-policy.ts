/** `awsrole_policy_file`: a session policy. */
import { isAbsolute } from "node:path";
import { mostPolicyCharacters } from "../config/aws-limits.ts";
import type { RoleProfile } from "../config/profiles.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { namedFileProblem, readNamedFile } from "../foundation/named-file.ts";

/**
 * The text of the JSON policy that narrows the role's sessions (AssumeRole's `Policy`); undefined where the profile names none.
 * @throws ERR_PROFILE_INVALID for a file that is no JSON, too long, or named by a relative path.
 */
export function readSessionPolicy(profile: RoleProfile): string | undefined {
  const { policyFile } = profile.role;
  if (policyFile === undefined) return undefined;
  const fail = (problem: string, cause?: unknown): AwsRoleError =>
    new AwsRoleError(
      "ERR_PROFILE_INVALID",
      `profile ${profile.name}: awsrole_policy_file ${policyFile} ${problem}`,
      {
        hint: `it is the absolute path of a JSON policy of at most ${mostPolicyCharacters} characters`,
        cause,
      },
    );
  if (!isAbsolute(policyFile)) throw fail("is not an absolute path");
  let policy: string;
  try {
    // Four bytes a character at most.
    policy = readNamedFile(policyFile, { maxBytes: 4 * mostPolicyCharacters }).toString("utf8");
    JSON.parse(policy);
  } catch (error) {
    throw fail(error instanceof SyntaxError ? "is not JSON" : namedFileProblem(error), error);
  }
  if (policy.length > mostPolicyCharacters)
    throw fail(`is longer than ${mostPolicyCharacters} characters`);
  // The service model's pattern of a session policy.
  // oxlint-disable-next-line no-control-regex -- it allows three of them
  const strange = /[^\t\n\r\u0020-\u00FF]/u.exec(policy)?.[0];
  if (strange !== undefined)
    throw fail(`has a character that AWS takes in no session policy: ${strange}`);
  return policy;
}
