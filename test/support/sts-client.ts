import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
  type AssumeRoleCommandInput,
  type Credentials,
  type GetSessionTokenCommandInput,
} from "@aws-sdk/client-sts";
import type { AwsDouble } from "./aws-double.ts";

/** Credentials as the SDK takes them. */
export type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/** How a client asks: `eu-west-1` and one attempt unless said otherwise. */
export type ClientOptions = { region?: string; maxAttempts?: number };

/** AWS's own client for the double. */
export function createClient(sts: AwsDouble, keys: Keys, options: ClientOptions = {}): STSClient {
  // the SDK else warns on stderr that Node 20 is old
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  return new STSClient({
    endpoint: sts.url,
    region: "eu-west-1",
    maxAttempts: 1,
    credentials,
    ...options,
  });
}

/** The ARN that GetCallerIdentity says these keys have. */
export async function whoAmI(
  sts: AwsDouble,
  keys: Keys,
  options?: ClientOptions,
): Promise<string | undefined> {
  return (await createClient(sts, keys, options).send(new GetCallerIdentityCommand({}))).Arn;
}

/** Assumes the double's example role, or what `input` says. */
export async function assume(
  sts: AwsDouble,
  keys: Keys,
  input: Partial<AssumeRoleCommandInput> = {},
  options?: ClientOptions,
): Promise<IssuedKeys> {
  const command = new AssumeRoleCommand({
    RoleArn: sts.role.arn,
    RoleSessionName: "session",
    ...input,
  });
  return keysOf((await createClient(sts, keys, options).send(command)).Credentials);
}

/** Gets a session of the user itself. */
export async function sessionToken(
  sts: AwsDouble,
  keys: Keys,
  input: GetSessionTokenCommandInput = {},
): Promise<IssuedKeys> {
  return keysOf(
    (await createClient(sts, keys).send(new GetSessionTokenCommand(input))).Credentials,
  );
}

/** Temporary credentials. */
export type IssuedKeys = Required<Keys> & { expiration: Date };

function keysOf(credentials: Credentials | undefined): IssuedKeys {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {};
  if (
    AccessKeyId === undefined ||
    SecretAccessKey === undefined ||
    SessionToken === undefined ||
    Expiration === undefined
  ) {
    throw new Error("the answer has no credentials");
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}
