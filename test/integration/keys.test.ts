/** Long-term keys with the real program and keychain; the double as STS and IAM. */
import { spawn } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import {
  createHome,
  type Finished,
  type Home,
  program,
  runAwsrole,
} from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

const noKeychain = keychainSkipReason();
const skipped = (title: string, reason: string | undefined): string =>
  reason === undefined ? title : `${title} (skipped: ${reason})`;
const config = "# mine\n[profile other]\nregion = eu-west-1\n";

describe.skipIf(noKeychain !== undefined)(skipped("a long-term key", noKeychain), () => {
  let keychain: KeychainDaemon;
  let sts: AwsDouble;
  let home: Home;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    keychain = await startKeychainDaemon();
  });
  afterAll(() => keychain?.stop());
  beforeEach(async () => {
    sts = await startAwsDouble();
    home = createHome({ config });
    env = {
      ...home.env,
      DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_ENDPOINT_URL_IAM: sts.url,
      AWS_REGION: "eu-west-1",
    };
  });
  afterEach(async () => {
    await sts.close();
    await home.remove();
  });

  const awsrole = (words: string, stdin = ""): Promise<Finished> =>
    runAwsrole(words.split(" "), { env, stdin });
  const bobsKey = (secretAccessKey = sts.bob.secretAccessKey): string =>
    JSON.stringify({
      AccessKey: {
        UserName: "Bob",
        AccessKeyId: sts.bob.accessKeyId,
        SecretAccessKey: secretAccessKey,
      },
    });
  const credentialsOf = async (name: string): Promise<Record<string, string>> => {
    const { stdout, stderr } = await awsrole(`credential-process --profile ${name}`);
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Record<string, string>;
  };
  const configText = (): string => readFileSync(home.configFile, "utf8");

  it("comes from standard input, and its profile gives it to SDKs", async () => {
    const { stdout } = await awsrole("add-key bob --json", bobsKey());
    expect(JSON.parse(stdout)).toMatchObject({
      profile: "bob",
      accessKeyId: sts.bob.accessKeyId,
      account: "123456789012",
      arn: sts.bob.arn,
      store: "keychain",
      verified: true,
    });
    expect(configText()).toBe(
      `${config}\n[profile bob]\ncredential_process = ${program.join(" ")} credential-process --profile bob\nawsrole_access_key_id = ${sts.bob.accessKeyId}\n`,
    );
    expect(await credentialsOf("bob")).toEqual({
      Version: 1,
      AccessKeyId: sts.bob.accessKeyId,
      SecretAccessKey: sts.bob.secretAccessKey,
      AccountId: "123456789012",
    });
    for (const file of filesBelow(home.path))
      expect(readFileSync(file, "utf8").includes(sts.bob.secretAccessKey), file).toBe(false);
  });

  it("signs for roles", async () => {
    await awsrole("add-key bob", bobsKey());
    appendFileSync(
      home.configFile,
      `[profile prod]\nawsrole_role_arn = ${sts.role.arn}\nawsrole_source_profile = bob\n`,
    );
    expect(await credentialsOf("prod")).toMatchObject({ SessionToken: expect.anything() });
    expect((await awsrole("whoami prod --json --store none")).code).toBe(0);
  });

  it.skipIf(noTerminal !== undefined)(
    skipped("is asked for at the terminal, its secret not shown", noTerminal),
    async () => {
      const terminal = openTerminal(env);
      try {
        terminal.enter(
          `${program.join(" ")} add-key bob; echo code=$?; stty -a | grep -o ' echo '`,
        );
        await terminal.waitFor(/Access key ID: *$/);
        terminal.enter(sts.bob.accessKeyId);
        await terminal.waitFor(/Secret access key \(not shown\): *$/);
        terminal.enter(sts.bob.secretAccessKey);
        await terminal.waitFor(/^code=0\n echo *$/m);
        expect(terminal.screen()).not.toContain(sts.bob.secretAccessKey.slice(0, 8));
        expect((await credentialsOf("bob"))["SecretAccessKey"]).toBe(sts.bob.secretAccessKey);
      } finally {
        terminal.close();
      }
    },
  );

  it("is not stored when AWS does not take it, nor by a store that must not have it", async () => {
    const wrong = await awsrole("add-key bob", bobsKey("x".repeat(40)));
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toContain("SignatureDoesNotMatch");
    expect(await awsrole("add-key bob --store none", bobsKey())).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the store none keeps nothing"),
    });
    expect(await awsrole("add-key bob")).toMatchObject({ code: 2 });
    expect(configText()).toBe(config);
  });

  it("is stored unverified when AWS cannot be reached", async () => {
    env = { ...env, AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9" };
    const { code, stderr } = await awsrole("add-key bob", bobsKey());
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("whether the key works is not known"),
    });
  });

  it("moves out of the credentials file, whose other bytes stay", async () => {
    const before = "# keys\r\n[alice]\r\naws_access_key_id = AKIAALICEALICEALICE0\r\n\r\n";
    const after = "\r\n[default]\r\nregion=us-east-1 ; mine\r\n";
    const section = `[bob]\r\naws_access_key_id=${sts.bob.accessKeyId}\r\naws_secret_access_key = ${sts.bob.secretAccessKey}\r\n`;
    writeFileSync(home.credentialsFile, before + section + after, { mode: 0o600 });
    expect(await awsrole("add-key bob", bobsKey())).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--from-credentials-file"),
    });
    const moved = await awsrole("add-key bob --from-credentials-file");
    expect(moved).toMatchObject({ code: 0 });
    expect(moved.stderr).toContain("awsrole rotate-key bob");
    expect(readFileSync(home.credentialsFile, "latin1")).toBe(before.slice(0, -2) + after);
    expect(await credentialsOf("bob")).toMatchObject({ AccessKeyId: sts.bob.accessKeyId });
    // Done already: nothing to do, and nothing lost.
    expect(await awsrole("add-key bob --from-credentials-file")).toMatchObject({ code: 0 });
    for (const file of filesBelow(home.path))
      expect(readFileSync(file, "utf8").includes(sts.bob.secretAccessKey), file).toBe(false);
  });

  it("does not take another key, put there in the meantime, out of the credentials file", async () => {
    const section = (id: string, secret: string): string =>
      `[bob]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
    const newer = section("AKIANEWNEWNEWNEWNEW0", "x".repeat(40));
    writeFileSync(home.credentialsFile, section(sts.bob.accessKeyId, sts.bob.secretAccessKey));
    sts.behave({ delayMs: 500 });
    const moving = awsrole("add-key bob --from-credentials-file");
    await vi.waitFor(() => expect(sts.requests).toHaveLength(1), { timeout: 10_000 });
    writeFileSync(home.credentialsFile, newer);
    expect(await moving).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("[bob] has another key"),
    });
    expect(readFileSync(home.credentialsFile, "utf8")).toBe(newer);
    expect(configText()).toBe(config);
  });

  it("keeps the other settings of the section it is moved out of", async () => {
    writeFileSync(
      home.credentialsFile,
      `[bob]\nregion = eu-west-1\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n# the end\n`,
    );
    await awsrole("add-key bob --from-credentials-file");
    expect(readFileSync(home.credentialsFile, "utf8")).toBe(
      "[bob]\nregion = eu-west-1\n# the end\n",
    );
    expect(await credentialsOf("bob")).toMatchObject({ AccessKeyId: sts.bob.accessKeyId });
  });

  it("is rotated while its roles go on working, and the old one deleted when that is finished", async () => {
    await awsrole("add-key bob", bobsKey());
    appendFileSync(
      home.configFile,
      `\n[profile prod]\nawsrole_role_arn = ${sts.role.arn}\nawsrole_access_key_id = ${sts.bob.accessKeyId}\n`,
    );
    sts.behave({ newKeyUnknownFor: 2 });
    const { stdout, code, stderr } = await awsrole("rotate-key bob --json");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("waiting until AWS knows"),
    });
    const { oldAccessKeyId, newAccessKeyId } = JSON.parse(stdout) as Record<string, string>;
    expect(oldAccessKeyId).toBe(sts.bob.accessKeyId);
    expect(
      configText().match(new RegExp(`^awsrole_access_key_id = ${newAccessKeyId}$`, "gm")),
    ).toHaveLength(2);
    expect(await credentialsOf("bob")).toMatchObject({ AccessKeyId: newAccessKeyId });
    expect(await credentialsOf("prod")).toMatchObject({ SessionToken: expect.anything() });
    expect(await awsrole("rotate-key bob")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`bob has the key ${newAccessKeyId} already`),
    });
    // The old key is inactive by now: going back to it would leave no way on.
    expect((await awsrole("undo")).code).toBe(1);
    const finished = await awsrole("rotate-key bob --finish");
    expect(finished.stdout).toBe(`the old key ${oldAccessKeyId} is deleted\n`);
    expect(finished.stderr).toMatch(/was last used \d{4}-\d\d-\d\dT\S+Z for \w+ in \S+/);
    expect((await awsrole("rotate-key bob --finish")).code).toBe(1);
  });

  it("is removed with its sessions, and the config is as it was", async () => {
    await awsrole("add-key bob", bobsKey());
    const withKey = configText();
    appendFileSync(
      home.configFile,
      `\n[profile prod]\nawsrole_role_arn = ${sts.role.arn}\nawsrole_source_profile = bob\n`,
    );
    await credentialsOf("prod");
    expect(await awsrole("remove-key bob")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the key of bob is the source of prod"),
    });
    writeFileSync(home.configFile, withKey);
    const before = await keychain.itemCount();
    expect(await awsrole("remove-key bob")).toMatchObject({ code: 0 });
    expect(configText()).toBe(config);
    expect(before - (await keychain.itemCount())).toBe(2);
  });

  describe.each(["remove-key bob", "remove-profile bob --with-key"])(
    "by %s takes along",
    (words) => {
      it.each([
        "the old key of a rotation that was not finished",
        "the new key of one that was killed",
      ])("%s", async (which) => {
        // A key that once was of this profile, and stayed in the store on purpose.
        const carol = sts.addUser({ name: "Carol" });
        await awsrole(
          "add-key bob",
          JSON.stringify({
            AccessKey: { AccessKeyId: carol.accessKeyId, SecretAccessKey: carol.secretAccessKey },
          }),
        );
        await awsrole("remove-profile bob");
        const before = await keychain.itemCount();
        await awsrole("add-key bob", bobsKey());
        if (which.startsWith("the old")) await awsrole("rotate-key bob");
        else {
          sts.behave({ newKeyUnknownFor: 1000 });
          const [node = "", ...script] = program;
          const rotating = spawn(node, [...script, "rotate-key", "bob"], { env, stdio: "ignore" });
          try {
            await vi.waitFor(async () => expect(await keychain.itemCount()).toBe(before + 2), {
              timeout: 20_000,
            });
          } finally {
            rotating.kill("SIGKILL");
          }
          sts.behave({});
        }
        expect(await keychain.itemCount()).toBe(before + 2);
        const named = /awsrole_access_key_id = (\w+)/.exec(configText())?.[1];
        const other = [...sts.iam.keysById.keys()].find(
          (id) => id !== named && id !== carol.accessKeyId,
        );
        const { code, stdout, stderr } = await awsrole(words);
        expect(code).toBe(0);
        // Its owner has to know that it is still there, at AWS.
        expect(stdout + stderr).toContain(other);
        expect(await keychain.itemCount()).toBe(before);
        expect(readdirSync(join(home.path, "state", "awsrole", "rotations"))).toEqual([]);
        // Carol's key, and nothing else, is left.
        expect(JSON.stringify(await keychain.items())).toContain(carol.accessKeyId);
        const { findings } = JSON.parse((await awsrole("doctor --json")).stdout) as {
          findings: { id: string }[];
        };
        expect(findings.map(({ id }) => id)).toEqual(["row-orphaned"]);
      });
    },
  );

  it("that is no longer in the keychain is missed by name", async () => {
    await awsrole("add-key bob", bobsKey());
    const withKey = configText();
    await awsrole("remove-key bob");
    writeFileSync(home.configFile, withKey);
    expect(await awsrole("credential-process --profile bob")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `awsrole: profile bob: its key ${sts.bob.accessKeyId} is not in the keychain store\nawsrole: hint: awsrole add-key bob puts it there\n`,
    });
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
