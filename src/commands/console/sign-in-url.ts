/**
 * Signing in to the console with a session (docs.aws.amazon.com, IAM User Guide, "Enable custom identity broker access to the AWS console").
 *
 * The session is exchanged for a sign-in token by POST, its secrets in the body: in a URL they would be in logs. The sign-in address that results is
 * itself a secret for 15 minutes.
 */
import type { Credentials } from "../../aws/credentials.ts";
import {
  ignoresConfiguredEndpoints,
  isLoopback,
  type StsConnection,
} from "../../config/connection.ts";
import type { Settings } from "../../config/document.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { createRequestHandler } from "../../aws/http.ts";

type Addresses = { readonly signIn: string; readonly console: string };

/**
 * Per partition (AWS's own documentation for each); others are not public. The European Sovereign Cloud documents its sign-in with the region in
 * front (docs.aws.eu), as the SDK's endpoint rules for `signin` have it; it has one region.
 */
const partitions: Readonly<Record<string, Addresses>> = {
  aws: { signIn: "https://signin.aws.amazon.com", console: "https://console.aws.amazon.com/" },
  "aws-cn": { signIn: "https://signin.amazonaws.cn", console: "https://console.amazonaws.cn/" },
  "aws-us-gov": {
    signIn: "https://signin.amazonaws-us-gov.com",
    console: "https://console.amazonaws-us-gov.com/",
  },
  "aws-eusc": {
    signIn: "https://eusc-de-east-1.signin.amazonaws-eusc.eu",
    console: "https://console.amazonaws-eusc.eu/",
  },
};

/** What a sign-in is for. */
export type SignIn = {
  /** The profile's settings: they may say that no configured endpoint counts. */
  readonly settings: Settings;
  readonly credentials: Credentials;
  /** `aws`, `aws-cn`, … */
  readonly partition: string;
  /** The page to open, an address of the partition's console. */
  readonly destination: string;
  /** How long the console session is to last; undefined: as long as the credentials. AWS takes it for sessions of AssumeRole that were not chained, and for no others. */
  readonly sessionSeconds: number | undefined;
};

/** The start page of a partition's console. @throws ERR_AWS_REFUSED for a partition without a known console. */
export function consoleUrlOf(partition: string): string {
  return addressesOf(partition).console;
}

function addressesOf(partition: string): Addresses {
  const addresses = Object.hasOwn(partitions, partition) ? partitions[partition] : undefined;
  if (addresses !== undefined) return addresses;
  throw new AwsRoleError(
    "ERR_AWS_REFUSED",
    `the sign-in URL of the partition ${partition} is not known`,
    { hint: "ask your administrators how to sign in" },
  );
}

/**
 * The address that signs a browser in, within 15 minutes, and whether AWS took `sessionSeconds`: where it refuses that, it is asked again without.
 * @throws ERR_AWS_REFUSED (also for a partition without a known console), ERR_AWS_UNAVAILABLE, ERR_NETWORK, ERR_DEADLINE.
 */
export async function signInUrl(
  { settings, credentials, partition, destination, sessionSeconds }: SignIn,
  connection: StsConnection,
  deadline: Deadline,
): Promise<{ readonly url: string; readonly hasOwnLength: boolean }> {
  const addresses = addressesOf(partition);
  const { env } = connection;
  const own = ignoresConfiguredEndpoints(env, settings)
    ? undefined
    : env["AWS_ENDPOINT_URL_SIGNIN"];
  if (own && !URL.canParse(own))
    throw new AwsRoleError("ERR_NETWORK", "AWS_ENDPOINT_URL_SIGNIN is not a URL", {
      hint: "unset it to use AWS's own URL",
    });
  const base = new URL(own || addresses.signIn);
  if (base.protocol !== "https:" && !isLoopback(base.hostname))
    throw new AwsRoleError("ERR_NETWORK", `AWS_ENDPOINT_URL_SIGNIN is not an https URL`, {
      hint: "http:// is allowed on this machine only",
    });
  const ask = (seconds: number | undefined): Promise<string> =>
    getSigninToken(credentials, seconds, { base, connection, deadline });
  let hasOwnLength = sessionSeconds !== undefined;
  const token = await ask(sessionSeconds).catch((error: unknown) => {
    if (!hasOwnLength || !isAwsRoleError(error) || error.code !== "ERR_AWS_REFUSED") throw error;
    hasOwnLength = false;
    return ask(undefined);
  });
  const url = new URL("/federation", base);
  url.search = new URLSearchParams({
    Action: "login",
    Issuer: "awsrole",
    Destination: destination,
    SigninToken: token,
  }).toString();
  return { url: url.href, hasOwnLength };
}

async function getSigninToken(
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  seconds: number | undefined,
  {
    base,
    connection,
    deadline,
  }: { readonly base: URL; readonly connection: StsConnection; readonly deadline: Deadline },
): Promise<string> {
  const body = new URLSearchParams({
    Action: "getSigninToken",
    ...(seconds === undefined ? {} : { SessionDuration: String(seconds) }),
    Session: JSON.stringify({ sessionId: accessKeyId, sessionKey: secretAccessKey, sessionToken }),
  }).toString();
  const { response } = await createRequestHandler(connection, () => deadline.remainingMs()).handle({
    protocol: base.protocol,
    hostname: base.hostname,
    ...(base.port === "" ? {} : { port: Number(base.port) }),
    path: "/federation",
    method: "POST",
    headers: {
      host: base.host,
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(Buffer.byteLength(body)),
    },
    body,
  });
  if (response.statusCode !== 200)
    throw new AwsRoleError(
      response.statusCode >= 500 ? "ERR_AWS_UNAVAILABLE" : "ERR_AWS_REFUSED",
      `the AWS sign-in service refused the session (${response.statusCode})`,
      {
        hint: "it takes sessions of roles and of GetFederationToken only, not of GetSessionToken; if this is a role's, awsrole logout forgets it: then try again",
      },
    );
  const token = parseToken(Buffer.from(response.body).toString("utf8"));
  if (token !== undefined) return token;
  throw new AwsRoleError("ERR_AWS_UNAVAILABLE", "the AWS sign-in service returned no token", {
    hint: "check that the proxy leads to AWS",
  });
}

function parseToken(text: string): string | undefined {
  try {
    const { SigninToken } = JSON.parse(text) as { SigninToken?: unknown };
    return typeof SigninToken === "string" && SigninToken !== "" ? SigninToken : undefined;
  } catch {
    return undefined;
  }
}
