/** The main job with everything real: the OS keychain, the AWS CLI, boto3, the JS SDK; the double as STS, which counts. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromIni } from "@aws-sdk/credential-providers";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const assumedArn = "arn:aws:sts::123456789012:assumed-role/example-role/AWSCLI-Session";
/** CI's machines of macOS and Windows have a keychain of their own that may be used; nobody else's is touched. */
const isOwn = process.env["AWSROLE_TEST_KEYCHAIN"] === "own";
const noKeychain = isOwn ? undefined : keychainSkipReason();
const noAwsCli =
  spawnSync("aws", ["--version"]).status === 0 ? undefined : "the AWS CLI is not installed";
const noBoto3 =
  spawnSync("python3", ["-c", "import boto3"]).status === 0 ? undefined : "boto3 is not installed";
const skipped = (title: string, ...reasons: (string | undefined)[]): string => {
  const reason = reasons.find((one) => one !== undefined);
  return reason === undefined ? title : `${title} (skipped: ${reason})`;
};

describe.skipIf(noKeychain !== undefined)(
  skipped("a role profile with the real keychain", noKeychain),
  () => {
    let keychain: KeychainDaemon | undefined;
    let sts: AwsDouble;
    let home: Home;
    let env: NodeJS.ProcessEnv;

    beforeAll(async () => {
      if (!isOwn) keychain = await startKeychainDaemon();
      sts = await startAwsDouble();
      home = createRoleHome(sts);
      const bus = keychain?.env["DBUS_SESSION_BUS_ADDRESS"];
      env = { ...home.env, ...(bus === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS: bus }) };
      // macOS finds the login keychain through HOME.
      if (isOwn && process.platform === "darwin") env["HOME"] = process.env["HOME"];
    });
    afterAll(async () => {
      // Nothing is left behind in a keychain that is not the test's.
      if (isOwn) await runAwsrole(["logout", "--all"], { env });
      await keychain?.stop();
      await sts?.close();
      await home?.remove();
    });

    const credentialProcess = (...more: string[]): Promise<Finished> =>
      runAwsrole(["credential-process", "--profile", "prod", ...more], { env });
    const assumed = (): number => sts.callsOf("AssumeRole").length;

    it("prints exactly one line, nothing on stderr, and answers the second call from the keychain", async () => {
      const before = assumed();
      const first = await credentialProcess();
      const second = await credentialProcess();
      expect(first).toMatchObject({ code: 0, stderr: "" });
      expect(first.stdout).toMatch(
        /^\{"Version":1,"AccessKeyId":"ASIA\w+","SecretAccessKey":"[^"]+","SessionToken":"[^"]+","Expiration":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","AccountId":"123456789012"\}\n$/,
      );
      expect(second).toEqual(first);
      expect(assumed() - before).toBe(1);
      if (keychain !== undefined) expect(await keychain.itemCount()).toBe(1);
    });

    it.skipIf(noAwsCli)(
      skipped("gives the AWS CLI its role, and asks STS once for all of its calls", noAwsCli),
      async () => {
        const identity = async (profile: string): Promise<string> => {
          const { code, stdout, stderr } = await runCommand(
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
          expect(code).toBe(0);
          return stdout.trim();
        };
        await credentialProcess();
        const before = assumed();
        expect(await identity("bob")).toBe("arn:aws:iam::123456789012:user/Bob");
        for (let call = 0; call < 4; call += 1) expect(await identity("prod")).toBe(assumedArn);
        expect(assumed()).toBe(before);
      },
    );

    it.skipIf(noBoto3)(skipped("gives boto3 its role", noBoto3), async () => {
      await credentialProcess();
      const before = assumed();
      const script =
        "import boto3; print(boto3.Session(profile_name='prod').client('sts').get_caller_identity()['Arn'])";
      const { stdout, stderr } = await runCommand(["python3", "-c", script], { env });
      expect(stderr).toBe("");
      expect(stdout.trim()).toBe(assumedArn);
      expect(assumed()).toBe(before);
    });

    it("gives the JS SDK its role", async () => {
      await credentialProcess();
      const before = assumed();
      const saved = { ...process.env };
      Object.assign(process.env, env, {
        AWS_CONFIG_FILE: home.configFile,
        AWS_SHARED_CREDENTIALS_FILE: home.credentialsFile,
      });
      try {
        const client = new STSClient({
          region: "eu-west-1",
          endpoint: sts.url,
          credentials: fromIni({ profile: "prod" }),
        });
        const { Arn } = await client.send(new GetCallerIdentityCommand({}));
        expect(Arn).toBe(assumedArn);
      } finally {
        process.env = saved;
      }
      expect(assumed()).toBe(before);
    });

    it("fetches exactly once more when the session has expired", async () => {
      await credentialProcess();
      const before = assumed();
      const later = { env, clockOffsetSeconds: { wall: 3700, uptime: 3700 } };
      sts.clock.advance(3_700_000);
      for (let call = 0; call < 3; call += 1) {
        expect(await runAwsrole(["credential-process", "--profile", "prod"], later)).toMatchObject({
          code: 0,
          stderr: "",
        });
      }
      expect(assumed() - before).toBe(1);
      sts.clock.advance(-3_700_000);
      await runAwsrole(["logout", "prod"], { env });
    });

    it("never answers a changed profile from the old session", async () => {
      await credentialProcess();
      const original = readFileSync(home.configFile, "utf8");
      const { writeFileSync } = await import("node:fs");
      const policy = join(home.path, "policy.json");
      writeFileSync(policy, '{"Version":"2012-10-17","Statement":[]}');
      const changes = [
        `${original}awsrole_duration_seconds = 900\n`,
        `${original}awsrole_external_id = another\n`,
        original.replace("AWSCLI-Session", "Another-Session"),
        `${original}awsrole_policy_file = ${policy}\n`,
        `${original}awsrole_tags = team=a\n`,
        `${original}awsrole_endpoint_url = ${sts.url}/\n`,
      ];
      try {
        for (const changed of changes) {
          writeFileSync(home.configFile, changed);
          const before = assumed();
          expect(await credentialProcess()).toMatchObject({ code: 0, stderr: "" });
          expect(assumed() - before, changed).toBe(1);
        }
        writeFileSync(home.configFile, changes[3] ?? "");
        writeFileSync(policy, '{"Version":"2012-10-17","Statement":[ ]}');
        const before = assumed();
        await credentialProcess();
        expect(assumed() - before, "policy content").toBe(1);
      } finally {
        writeFileSync(home.configFile, original);
      }
    });

    it("leaves no secret on disk outside the keyring", async () => {
      await credentialProcess();
      const secrets = sts
        .sessions()
        .flatMap(({ secretAccessKey, sessionToken }) => [secretAccessKey, sessionToken]);
      expect(secrets.length).toBeGreaterThan(1);
      for (const file of filesBelow(home.path)) {
        const content = readFileSync(file, "utf8");
        for (const secret of secrets) expect(content.includes(secret), file).toBe(false);
      }
    });

    it("says who it is, through which profiles and until when", async () => {
      const { code, stdout, stderr } = await runAwsrole(["whoami", "prod", "--json"], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({
        account: "123456789012",
        arn: assumedArn,
        profile: "prod",
        chain: ["prod", "bob"],
      });
    });

    it("logs out: the item leaves the keychain and the next call fetches", async () => {
      await credentialProcess();
      const { code } = await runAwsrole(["logout", "--all"], { env });
      expect(code).toBe(0);
      if (keychain !== undefined) expect(await keychain.itemCount()).toBe(0);
      const before = assumed();
      await credentialProcess();
      expect(assumed() - before).toBe(1);
    });

    const needsDaemon = isOwn ? "the machine's own keychain is not damaged" : undefined;
    it.skipIf(needsDaemon)(
      skipped("treats a damaged or foreign value in the keychain as a miss", needsDaemon),
      async () => {
        await credentialProcess();
        const [item] = (await keychain?.items()) ?? [];
        const account = item?.attributes["username"] ?? "";
        const { stdout: whole } = await runCommand(
          ["secret-tool", "lookup", "service", "awsrole", "username", account],
          { env: { ...env } },
        );
        const oneCharacter = whole.replace(/(?<="secretAccessKey":")./, (first) =>
          first === "A" ? "B" : "A",
        );
        expect(oneCharacter).not.toBe(whole);
        for (const value of ["", "{", "null", '{"v":1}', "\u0000", oneCharacter]) {
          const before = assumed();
          await runCommand(
            ["secret-tool", "store", "--label=x", "service", "awsrole", "username", account],
            { env: { ...env }, stdin: value },
          );
          expect(await credentialProcess(), value).toMatchObject({ code: 0, stderr: "" });
          expect(assumed() - before, value).toBe(1);
        }
      },
    );
  },
);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
