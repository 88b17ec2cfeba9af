/** The role of an EC2 instance, by version 2 of its metadata service (IMDSv2): a token first, then the role's name, then its credentials. */
import type { Credentials } from "./credentials.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import {
  askMetadataService,
  type MetadataAnswer,
  parseMetadataCredentials,
  reasonIn,
} from "./metadata-request.ts";

const rolesPath = "/latest/meta-data/iam/security-credentials/";
const tokenSeconds = 21_600;
/** Credentials that AWS could not renew yet are used on, for this long before the next look: AWS asks clients to. */
const extensionMs = 10 * 60_000;

/** The instance role's credentials. @throws ERR_SOURCE_UNAVAILABLE with the service's own reason. */
export async function instanceMetadataCredentials(
  address: string,
  { deadline, now }: { readonly deadline: Deadline; readonly now: () => Date },
): Promise<Credentials> {
  try {
    const token = await ask("/latest/api/token", {
      method: "PUT",
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(tokenSeconds) },
    });
    const headers = { "x-aws-ec2-metadata-token": token };
    const [role = ""] = (await ask(rolesPath, { headers })).split(/\r?\n/);
    if (role === "") throw unavailable("the instance has no role");
    const text = await ask(`${rolesPath}${encodeURIComponent(role)}`, { headers });
    const credentials = parseMetadataCredentials(text);
    if (credentials?.sessionToken === undefined || credentials.expiresAt === undefined)
      throw unavailable(`it has no credentials for ${role} (${reasonIn({ status: 200, text })})`);
    const hasEnded = credentials.expiresAt <= now();
    return hasEnded
      ? { ...credentials, expiresAt: new Date(now().getTime() + extensionMs) }
      : credentials;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    throw new AwsRoleError(
      error.code,
      `the EC2 instance metadata service at ${address} returned no credentials: ${error.message}`,
      { hint: error.hint ?? "this works on an EC2 instance that has a role", cause: error },
    );
  }

  async function ask(
    path: string,
    request: Parameters<typeof askMetadataService>[1],
  ): Promise<string> {
    const answer = await askMetadataService(`${address}${path}`, request, deadline);
    if (answer.status === 200) return answer.text.trim();
    throw refused(path, answer);
  }
}

function refused(path: string, answer: MetadataAnswer): AwsRoleError {
  if (path === rolesPath && answer.status === 404) return unavailable("the instance has no role");
  if (answer.status === 403)
    return unavailable(
      "it is disabled for this instance (HTTP 403)",
      "see HttpEndpoint in the instance's metadata options",
    );
  return unavailable(`it returned ${reasonIn(answer)} for ${path}`);
}

function unavailable(what: string, hint?: string): AwsRoleError {
  return new AwsRoleError("ERR_SOURCE_UNAVAILABLE", what, { hint });
}
