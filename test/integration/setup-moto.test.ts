/** `setup` against another IAM than ours, with the real keychain, looked at with the AWS CLI; killed after every step. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import {
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  ListPoliciesCommand,
  ListRolesCommand,
  ListUsersCommand,
} from "@aws-sdk/client-iam";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { isMotoInstalled, type Moto, MOTO_MISSING, startMoto } from "../support/moto.ts";
import {
  type Finished,
  type Home,
  program,
  runAwsrole,
  runCommand,
} from "../support/run-awsrole.ts";
import { createSetupHome, isMutating, setupWords, textOfHome } from "../support/setup-home.ts";
import { startWatchingProxy, type WatchingProxy } from "../support/watching-proxy.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
const noMoto = isMotoInstalled() ? undefined : MOTO_MISSING;
const noAws = missing("aws");
const noKeychain = keychainSkipReason();
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const admin = { accessKeyId: "AKIAADMINADMINADMIN0", secretAccessKey: "not-a-secret" };
const trust = (arn: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: arn }, Action: "sts:AssumeRole" }],
  });

describe.skipIf(noMoto !== undefined)(titled("setup with moto's IAM", noMoto), () => {
  let moto: Moto;
  let proxy: WatchingProxy;
  let keychain: KeychainDaemon | undefined;
  let home: Home;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    [moto, keychain] = await Promise.all([
      startMoto({ managedPolicies: true }),
      noKeychain === undefined ? startKeychainDaemon() : undefined,
    ]);
    proxy = await startWatchingProxy(moto.url);
  });
  afterAll(async () => {
    await proxy?.close();
    await moto?.close();
    await keychain?.stop();
  });
  beforeEach(() => {
    home = createSetupHome(proxy.url, admin);
    env = { ...home.env };
    if (keychain === undefined) return;
    delete env["AWSROLE_STORE"];
    env["DBUS_SESSION_BUS_ADDRESS"] = keychain.env["DBUS_SESSION_BUS_ADDRESS"];
  });

  const setup = (words: string): Promise<Finished> => runAwsrole(setupWords(words), { env });
  const aws = async (words: string): Promise<Record<string, unknown>> => {
    const { stdout, stderr } = await runCommand(["aws", ...words.split(" ")], { env });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  /** Runs it and kills it when an action has been carried out (the Nth time), before it hears of that. */
  const killedAt = async (words: string, action: string, time = 1): Promise<void> => {
    const child = spawn(program[0] ?? "", [...program.slice(1), ...setupWords(words)], {
      env,
      stdio: "ignore",
    });
    let left = time;
    const ended = once(child, "close");
    proxy.onAnswered = async (done) => {
      if (done !== action || (left -= 1) !== 0) return;
      child.kill("SIGKILL");
      await ended;
    };
    expect(await ended, `killed at ${action}`).toEqual([null, "SIGKILL"]);
    proxy.onAnswered = undefined;
  };
  const iam = (): IAMClient =>
    new IAMClient({ region: "us-east-1", endpoint: moto.url, credentials: admin });
  const names = async (): Promise<readonly (string | undefined)[]> => {
    const [{ Users }, { Roles }, { Policies }] = await Promise.all([
      iam().send(new ListUsersCommand()),
      iam().send(new ListRolesCommand()),
      iam().send(new ListPoliciesCommand({ Scope: "Local" })),
    ]);
    return [
      ...(Users ?? []).map(({ UserName }) => UserName),
      ...(Roles ?? []).map(({ RoleName }) => RoleName),
      ...(Policies ?? []).map(({ PolicyName }) => PolicyName),
    ];
  };
  const mutations = (): string[] => proxy.actions.filter(isMutating);

  it(
    titled("goes on after being killed at every step, changes nothing twice, and is undone", noAws),
    async (test) => {
      test.skip(noAws !== undefined);
      await iam().send(new CreateUserCommand({ UserName: "prod-user-2" }));
      await iam().send(
        new CreateRoleCommand({
          RoleName: "prod-role-2",
          AssumeRolePolicyDocument: trust("arn:aws:iam::123456789012:user/prod-user-2"),
        }),
      );
      await iam().send(
        new CreatePolicyCommand({
          PolicyName: "prod-role-assume-2",
          PolicyDocument: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" }],
          }),
        }),
      );
      const before = await names();
      const config = readFileSync(home.configFile, "utf8");

      const first =
        "prod --admin-profile admin --policy-arn arn:aws:iam::aws:policy/AmazonRDSReadOnlyAccess";
      await killedAt(first, "CreateUser");
      for (const action of [
        "CreatePolicy",
        "AttachUserPolicy",
        "CreateRole",
        "AttachRolePolicy",
        // Its secret is lost; the next run deletes it.
        "CreateAccessKey",
      ])
        await killedAt("prod", action);
      // The second is signed by the new key: it is kept, but no profile names it.
      await killedAt("prod", "GetCallerIdentity", 2);
      await killedAt("prod", "AssumeRole");
      expect(mutations().filter((action) => action === "CreateAccessKey")).toHaveLength(2);
      expect(mutations().filter((action) => action === "DeleteAccessKey")).toHaveLength(1);

      const made = mutations().length;
      const done = await setup("prod");
      expect(done).toMatchObject({ code: 0 });
      expect(done.stdout).toContain(`in the ${keychain === undefined ? "file" : "keychain"} store`);
      expect(mutations()).toHaveLength(made);
      expect(await setup("prod")).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("nothing was changed") as string,
      });
      expect(mutations()).toHaveLength(made);

      const [ofUser, ofRole, role, asUser, asRole] = await Promise.all([
        aws("iam list-attached-user-policies --user-name prod-user --profile admin"),
        aws("iam list-attached-role-policies --role-name prod-role --profile admin"),
        aws("iam get-role --role-name prod-role --profile admin"),
        aws("sts get-caller-identity --profile prod-user"),
        aws("sts get-caller-identity --profile prod"),
      ]);
      expect(ofUser["AttachedPolicies"]).toMatchObject([{ PolicyName: "prod-role-assume" }]);
      expect(ofRole["AttachedPolicies"]).toMatchObject([{ PolicyName: "AmazonRDSReadOnlyAccess" }]);
      expect(role["Role"]).toMatchObject({
        AssumeRolePolicyDocument: JSON.parse(
          trust("arn:aws:iam::123456789012:user/prod-user"),
        ) as object,
        Tags: [
          { Key: "awsrole:setup", Value: expect.stringMatching(/^prod:[0-9a-f]{16}$/) as string },
        ],
      });
      expect(asUser["Arn"]).toBe("arn:aws:iam::123456789012:user/prod-user");
      expect(asRole["Arn"]).toMatch(/^arn:aws:sts::123456789012:assumed-role\/prod-role\//);
      const { stdout: key } = await runAwsrole(["credential-process", "--profile", "prod-user"], {
        env,
      });
      const { SecretAccessKey: secret } = JSON.parse(key) as { SecretAccessKey: string };
      expect(done.stdout + done.stderr + textOfHome(home)).not.toContain(secret);

      const undo = "prod --undo --yes";
      for (const action of isLong
        ? ["DeleteAccessKey", "DetachRolePolicy", "DeleteRole", "DetachUserPolicy", "DeletePolicy"]
        : ["DeleteAccessKey", "DeleteRole"])
        await killedAt(undo, action);
      expect(await setup(undo)).toMatchObject({ code: 0 });
      expect(await names()).toEqual(before);
      expect(readFileSync(home.configFile, "utf8")).toBe(config);
      expect((await runAwsrole(["list", "--json"], { env })).stdout).not.toContain("prod");
      if (keychain !== undefined) expect(await keychain.itemCount()).toBe(0);
      await home.remove();
    },
  );

  const notNow =
    noAws ??
    (isLong
      ? undefined
      : "AWSROLE_TEST_LONG is not set: two dozen aws commands take half a minute");
  it.skipIf(notNow !== undefined)(
    titled("prints a plan that does the same when a shell runs it", notNow),
    async () => {
      const folder = join(home.path, "bin");
      writeFileSync(
        join(home.path, "plan.sh"),
        (await setup("plan --admin-profile admin --dry-run")).stdout,
      );
      await runCommand(["mkdir", folder], { env });
      symlinkSync(program.at(-1) ?? "", join(folder, "awsrole"));
      chmodSync(join(home.path, "plan.sh"), 0o700);
      const ran = await runCommand(["sh", join(home.path, "plan.sh")], {
        env: { ...env, PATH: `${folder}${delimiter}${env["PATH"]}`, AWS_PAGER: "" },
      });
      expect(ran).toMatchObject({ code: 0 });
      const made = mutations().length;
      // Made by the script: this machine has no record of it.
      expect(await setup("plan --admin-profile admin")).toMatchObject({ code: 1 });
      expect(await setup("plan --admin-profile admin --adopt")).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("nothing was changed") as string,
      });
      expect(mutations()).toHaveLength(made);
      await home.remove();
    },
  );
});
