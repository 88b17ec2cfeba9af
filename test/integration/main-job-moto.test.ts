/** The article's own story with nothing of ours but the program: moto as STS and IAM, a counting proxy before it, the AWS CLI, the real keychain. */
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
} from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { isMotoInstalled, type Moto, MOTO_MISSING, startMoto } from "../support/moto.ts";
import { createHome, type Home, runAwsrole, runCommand } from "../support/run-awsrole.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
const reason =
  keychainSkipReason() ?? missing("aws") ?? (isMotoInstalled() ? undefined : MOTO_MISSING);

describe.skipIf(reason !== undefined)(titled("the main job with moto as AWS", reason), () => {
  let keychain: KeychainDaemon;
  let moto: Moto;
  let counting: { readonly server: Server; readonly actions: string[] };
  let home: Home;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    [keychain, moto] = await Promise.all([startKeychainDaemon(), startMoto({ freeActions: 5 })]);
    counting = await startCountingProxy(moto.url);
    const { port } = counting.server.address() as AddressInfo;
    const key = await makeBobAndHisRole(moto.url);
    home = createHome({
      credentials: `[bob]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`,
    });
    env = {
      ...home.env,
      DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}`,
      AWS_DEFAULT_REGION: "us-east-1",
    };
  });
  afterAll(async () => {
    counting?.server.close();
    await moto?.close();
    await keychain?.stop();
    await home?.remove();
  });

  it("one add-profile, then the AWS CLI is the role, for one AssumeRole in all", async () => {
    const added = await runAwsrole(
      "add-profile prod --role-arn arn:aws:iam::123456789012:role/example-role --source-profile bob --role-session-name AWSCLI-Session".split(
        " ",
      ),
      { env },
    );
    expect(added.code, added.stderr).toBe(0);
    expect(await identityOf("bob")).toBe("arn:aws:iam::123456789012:user/Bob");
    for (let call = 0; call < 11; call += 1)
      expect(await identityOf("prod")).toBe(
        "arn:aws:sts::123456789012:assumed-role/example-role/AWSCLI-Session",
      );
    expect(counting.actions.filter((action) => action === "AssumeRole")).toHaveLength(1);
    expect(counting.actions.filter((action) => action === "GetCallerIdentity")).toHaveLength(12);
    expect(await keychain.itemCount()).toBe(1);
  });

  async function identityOf(profile: string): Promise<string> {
    const { stdout, stderr } = await runCommand(
      [
        "aws",
        "sts",
        "get-caller-identity",
        "--query",
        "Arn",
        "--output",
        "text",
        "--profile",
        profile,
      ],
      { env },
    );
    expect(stderr).toBe("");
    return stdout.trim();
  }
});

async function makeBobAndHisRole(endpoint: string): Promise<{ id: string; secret: string }> {
  const iam = new IAMClient({
    region: "us-east-1",
    endpoint,
    credentials: { accessKeyId: "AKIAADMINADMINADMIN0", secretAccessKey: "s" },
  });
  const allow = (statement: object): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  await iam.send(new CreateUserCommand({ UserName: "Bob" }));
  await iam.send(
    new CreateRoleCommand({
      RoleName: "example-role",
      AssumeRolePolicyDocument: allow({
        Principal: { AWS: "arn:aws:iam::123456789012:user/Bob" },
        Action: "sts:AssumeRole",
      }),
    }),
  );
  const { Policy } = await iam.send(
    new CreatePolicyCommand({
      PolicyName: "example-policy",
      PolicyDocument: allow({
        Action: "sts:AssumeRole",
        Resource: "arn:aws:iam::123456789012:role/example-role",
      }),
    }),
  );
  await iam.send(new AttachUserPolicyCommand({ UserName: "Bob", PolicyArn: Policy?.Arn }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "Bob" }));
  return { id: AccessKey?.AccessKeyId ?? "", secret: AccessKey?.SecretAccessKey ?? "" };
}

/** Passes everything on to `target`, and lists the actions that it saw. */
async function startCountingProxy(
  target: string,
): Promise<{ readonly server: Server; readonly actions: string[] }> {
  const actions: string[] = [];
  const server = createServer((request, response) => {
    const { url, method, headers } = request;
    const forwarded = httpRequest(new URL(url ?? "/", target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
      forwarded.write(text);
    });
    request.on("end", () => {
      actions.push(new URLSearchParams(body).get("Action") ?? "");
      forwarded.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, actions };
}
