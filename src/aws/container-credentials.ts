/**
 * The role of a container: ECS, EKS Pod Identity, or `awsrole serve`, by the AWS_CONTAINER_* variables.
 *
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is a path of ECS's endpoint, AWS_CONTAINER_CREDENTIALS_FULL_URI a whole address: https, or one that does not
 * leave the machine. The token file, which EKS renews, counts before the token in a variable.
 */
import { isLoopback } from "../config/connection.ts";
import type { Environment } from "../foundation/environment.ts";
import type { Credentials } from "./credentials.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { namedFileProblem, readNamedFile } from "../foundation/named-file.ts";
import { askMetadataService, parseMetadataCredentials, reasonIn } from "./metadata-request.ts";

const ecsAddress = "http://169.254.170.2";
/** ECS, and EKS in both its forms. */
const knownHosts = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
/** A service account's token has 1 to 2 KB. */
const longestTokenBytes = 20_000;

/** The container role's credentials. @throws ERR_SOURCE_UNAVAILABLE with what is missing, or the endpoint's own reason. */
export async function containerCredentials(
  env: Environment,
  { deadline, now }: { readonly deadline: Deadline; readonly now: () => Date },
): Promise<Credentials> {
  const url = endpointOf(env);
  const token = await tokenOf(env);
  const headers = {
    accept: "application/json",
    ...(token === undefined ? {} : { authorization: token }),
  };
  try {
    const answer = await askMetadataService(url.href, { headers }, deadline);
    if (answer.status !== 200) throw unavailable(`it returned ${reasonIn(answer)}`);
    const credentials = parseMetadataCredentials(answer.text);
    if (credentials === undefined) throw unavailable("its response has no credentials");
    if (credentials.expiresAt !== undefined && credentials.expiresAt <= now())
      throw unavailable(`its credentials expired at ${credentials.expiresAt.toISOString()}`);
    return credentials;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    throw unavailable(
      `the container credentials endpoint at ${url.host} returned no credentials: ${error.message}`,
      "check that the task or pod has a role",
      error,
    );
  }
}

function endpointOf(env: Environment): URL {
  const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  const full = env["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (relative) {
    const address = `${ecsAddress}${relative}`;
    if (relative.startsWith("/") && URL.canParse(address)) return new URL(address);
    throw unavailable(
      `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path: ${relative}`,
      "ECS sets it to one like /v2/credentials/ID",
    );
  }
  if (!full) {
    throw unavailable(
      "there is no container credentials endpoint",
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI is set inside ECS and EKS",
    );
  }
  const url = URL.canParse(full) ? new URL(full) : undefined;
  const isNear =
    url !== undefined && (isLoopback(url.hostname) || knownHosts.includes(url.hostname));
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isNear)) return url;
  throw unavailable(
    `AWS_CONTAINER_CREDENTIALS_FULL_URI is not a valid credentials endpoint: ${full}`,
    "use an https URL, or an address of this machine, ECS (169.254.170.2) or EKS (169.254.170.23, [fd00:ec2::23])",
  );
}

async function tokenOf(env: Environment): Promise<string | undefined> {
  const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const variable = file
    ? "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    : "AWS_CONTAINER_AUTHORIZATION_TOKEN";
  const token = file ? readToken(file) : env[variable];
  if (!token) return undefined;
  // Anything else could add a header of its own.
  if (/^[\x20-\x7e]+$/.test(token)) return token;
  throw unavailable(`the token in ${variable} has characters that a header cannot have`);
}

/** As it is: a line end in it is an error for the SDKs too. */
function readToken(file: string): string {
  try {
    return readNamedFile(file, { maxBytes: longestTokenBytes })
      .toString("utf8")
      .replace(/\r?\n$/, "");
  } catch (cause) {
    throw unavailable(
      `the token file ${file} (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) ${namedFileProblem(cause)}`,
      "in EKS, check that the pod identity webhook mounted it and that it is readable",
      cause,
    );
  }
}

function unavailable(what: string, hint?: string, cause?: unknown): AwsRoleError {
  return new AwsRoleError("ERR_SOURCE_UNAVAILABLE", what, { hint, cause });
}
