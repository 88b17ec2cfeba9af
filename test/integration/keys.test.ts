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
      stderr: expect.stringContaining("the store none stores nothing"),
    });
    expect(await awsrole("add-key bob")).toMatchObject({ code: 2 });
    expect(configText()).toBe(config);
  });

  it("is stored unverified when AWS cannot be reached", async () => {
    env = { ...env, AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9" };
    const { code, stderr } = await awsrole("add-key bob", bobsKey());
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("the key was not verified"),
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
    const answer = await credentialsOf("bob");
    expect(answer).toMatchObject({ AccessKeyId: sts.bob.accessKeyId });
    // SDKs would ask again when it has passed.
    expect(answer).not.toHaveProperty("Expiration");
    // Done already: nothing to do, nothing lost, and nothing that was in plain text.
    expect(await awsrole("add-key bob --from-credentials-file")).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("plain text"),
    });
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
      stderr: expect.stringContaining("waiting for the new"),
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
    const finished = await awsrole("rotate-key bob --finish --yes");
    expect(finished.stdout).toBe(`deleted the old key ${oldAccessKeyId}\n`);
    expect(finished.stderr).toMatch(
      /was last used [-\d ]*\d\d:\d\d, (?:just now|\d+ min ago), for \w+ in \S+/,
    );
    expect((await awsrole("rotate-key bob --finish --yes")).code).toBe(1);
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
    expect(await awsrole("remove-key bob --yes")).toMatchObject({ code: 0 });
    expect(configText()).toBe(config);
    expect(before - (await keychain.itemCount())).toBe(2);
  });

  describe.each(["remove-key bob --yes", "remove-profile bob --with-key --yes"])(
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
        // As doctor proposes.
        const orphan = await awsrole("remove-key bob --yes --json");
        expect(JSON.parse(orphan.stdout)).toMatchObject({
          accessKeyId: carol.accessKeyId,
          deleted: true,
        });
        expect(await keychain.itemCount()).toBe(before - 1);
        expect(await awsrole("remove-key bob --yes")).toMatchObject({ code: 1 });
      });
    },
  );

  describe("whose only copy would be deleted", () => {
    it.each(["remove-key bob", "remove-profile bob --with-key"])(
      "is not deleted without a yes: %s",
      async (words) => {
        await awsrole("add-key bob", bobsKey());
        const before = configText();
        const items = await keychain.itemCount();
        const { code, stderr } = await awsrole(words);
        expect(code).toBe(2);
        expect(stderr).toContain(`the only copy of the access key ${sts.bob.accessKeyId}`);
        expect(stderr).toMatch(
          /hint: use --yes to delete without confirmation; .*--to-credentials-file/,
        );
        expect(configText()).toBe(before);
        expect(await keychain.itemCount()).toBe(items);
        expect((await awsrole(`${words} --yes`)).code).toBe(0);
      },
    );

    it.skipIf(noTerminal !== undefined)(
      skipped("is deleted after a question at the terminal, with the facts", noTerminal),
      async () => {
        await awsrole("add-key bob", bobsKey());
        const terminal = openTerminal(env);
        try {
          const line = `${program.join(" ")} remove-key bob; echo code=$?`;
          terminal.enter(line);
          await terminal.waitFor(/only copy of the secret[^]*Delete it\? \[y\/N\]$/);
          terminal.enter("n");
          await terminal.waitFor(/nothing was deleted\n[^]*code=\d/);
          expect(await credentialsOf("bob")).toMatchObject({ AccessKeyId: sts.bob.accessKeyId });
          terminal.enter(line);
          await terminal.waitFor(/code=[^]*Delete it\? \[y\/N\]$/);
          terminal.enter("y");
          await terminal.waitFor(/is deleted here[^]*code=0/);
          expect(configText()).toBe(config);
        } finally {
          terminal.close();
        }
      },
    );
  });

  describe("is written back to the credentials file", () => {
    const role = (): string =>
      `\n[profile prod]\nregion = eu-west-1\ncredential_process = ${program.join(" ")} credential-process --profile prod\nawsrole_role_arn = ${sts.role.arn}\nawsrole_source_profile = bob\n`;
    const credentialsFile = (): string => readFileSync(home.credentialsFile, "utf8");

    it.each([
      "remove-key bob --to-credentials-file",
      "release bob --to-credentials-file",
      "release --all --to-credentials-file",
    ])("by %s, and roles go on working", async (words) => {
      await awsrole("add-key bob", bobsKey());
      appendFileSync(home.configFile, role());
      const items = await keychain.itemCount();
      const { code, stdout, stderr } = await awsrole(words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).not.toContain(sts.bob.secretAccessKey);
      expect(credentialsFile()).toBe(
        `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
      );
      expect(statSync(home.credentialsFile).mode & 0o777).toBe(0o600);
      expect(configText()).not.toContain("awsrole_access_key_id");
      expect(await keychain.itemCount()).toBe(items - 1);
      const prod = await awsrole("whoami prod --json --store none");
      expect(prod).toMatchObject({ code: 0 });
      // And back again.
      expect((await awsrole("add-key bob --from-credentials-file")).code).toBe(0);
      expect(await credentialsOf("bob")).toMatchObject({ AccessKeyId: sts.bob.accessKeyId });
    });

    it("with its device under AWS's name, and never over another key", async () => {
      await awsrole("add-key bob", bobsKey());
      appendFileSync(home.configFile, `awsrole_mfa_serial = arn:aws:iam::123456789012:mfa/Bob\n`);
      const other = "[bob]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = x\n";
      writeFileSync(home.credentialsFile, other, { mode: 0o600 });
      const items = await keychain.itemCount();
      const refused = await awsrole("remove-key bob --to-credentials-file");
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("[bob] has another key in the credentials file");
      expect(credentialsFile()).toBe(other);
      expect(await keychain.itemCount()).toBe(items);
      writeFileSync(home.credentialsFile, "");
      expect((await awsrole("release bob --to-credentials-file")).code).toBe(0);
      expect(configText()).toContain(
        "[profile bob]\nmfa_serial = arn:aws:iam::123456789012:mfa/Bob\n",
      );
    });

    it("by release only after a question, or with the option", async () => {
      await awsrole("add-key bob", bobsKey());
      const before = configText();
      const { code, stderr } = await awsrole("release bob");
      expect(code).toBe(1);
      expect(stderr).toContain(
        "to write it without confirmation: awsrole release bob --to-credentials-file",
      );
      const all = await awsrole("release --all");
      expect(all.stderr).toContain("--to-credentials-file writes it back");
      expect(configText()).toBe(before);
    });
  });

  it("is added to a profile as aws-vault has it, with the device in it", async () => {
    const serial = "arn:aws:iam::123456789012:mfa/Bob";
    writeFileSync(
      home.configFile,
      `[profile bob]\nregion = eu-west-1\n# my phone\nmfa_serial = ${serial}\n`,
    );
    const { code, stdout } = await awsrole("add-key bob", bobsKey());
    expect(code).toBe(0);
    expect(stdout).toContain("renamed mfa_serial to awsrole_mfa_serial");
    expect(configText()).toContain(
      `[profile bob]\nregion = eu-west-1\n# my phone\nawsrole_mfa_serial = ${serial}\n`,
    );
    expect((await awsrole("credential-process --profile bob --no-input")).stderr).toContain("MFA");
  });

  it("is not asked for where its profile forbids one anyway", async () => {
    writeFileSync(
      home.configFile,
      `[profile bob]\nrole_arn = ${sts.role.arn}\nsource_profile = x\n`,
    );
    const { code, stderr } = await awsrole("add-key bob");
    expect(code).toBe(1);
    expect(stderr).toContain("profile bob is a role");
  });

  it.skipIf(noTerminal !== undefined)(
    skipped("is asked for again after a typing error, and taken from one paste", noTerminal),
    async () => {
      const terminal = openTerminal(env);
      const secret = sts.bob.secretAccessKey;
      try {
        const line = `${program.join(" ")} add-key bob; echo code=$?`;
        terminal.enter(line);
        await terminal.waitFor(/verified with AWS[^]*Access key ID: *$/);
        // A cut id with the secret behind it: neither is run by the shell.
        terminal.enter(`AKIA123\n${secret}`);
        await terminal.waitFor(/invalid access key ID \(expected a key like[^]*Access key ID: *$/);
        terminal.enter(`${sts.bob.accessKeyId}\n${secret}`);
        await terminal.waitFor(/code=0/);
        expect(await credentialsOf("bob")).toMatchObject({ SecretAccessKey: secret });
        await awsrole("remove-key bob --yes");
        terminal.enter(line);
        await terminal.waitFor(/code=0[^]*Access key ID: *$/);
        terminal.enter(JSON.stringify(JSON.parse(bobsKey()), undefined, 4));
        await terminal.waitFor(/code=0[^]*code=0/);
        expect(await credentialsOf("bob")).toMatchObject({ SecretAccessKey: secret });
        expect(terminal.screen()).not.toContain(secret.slice(0, 8));
        expect(terminal.screen()).not.toMatch(/not found|No such file/);
      } finally {
        terminal.close();
      }
    },
  );

  it("stays behind when its profile is taken back by undo, which says so and lists what it can", async () => {
    await awsrole("add-key bob", bobsKey());
    const listed = await awsrole("undo --list --json");
    expect(JSON.parse(listed.stdout)).toMatchObject({
      changes: [{ action: "add-key bob", undoable: true }],
    });
    const { code, stderr } = await awsrole("undo");
    expect(code).toBe(0);
    expect(stderr).toContain(
      `the access key ${sts.bob.accessKeyId} of bob is still in the keychain store`,
    );
    expect(stderr).toContain("awsrole remove-key bob");
    expect((await awsrole("undo --list")).stdout).toContain("No changes to undo");
  });

  it("is rotated by one at a time, whichever of its profiles is named", async () => {
    await awsrole("add-key bob", bobsKey());
    const section = configText().slice(configText().indexOf("[profile bob]"));
    appendFileSync(home.configFile, `\n${section.replaceAll("bob", "twin")}`);
    sts.behave({ delayMs: 1500 });
    const both = await Promise.all([awsrole("rotate-key bob"), awsrole("rotate-key twin")]);
    sts.behave({});
    expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    expect(both.find(({ code }) => code === 1)?.stderr).toMatch(/another|busy|lock/i);
    expect(sts.requests.filter(({ action }) => action === "CreateAccessKey")).toHaveLength(1);
  });

  it("that is no longer in the keychain is missed by name", async () => {
    await awsrole("add-key bob", bobsKey());
    const withKey = configText();
    await awsrole("remove-key bob --yes");
    writeFileSync(home.configFile, withKey);
    expect(await awsrole("credential-process --profile bob")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `awsrole: profile bob: its key ${sts.bob.accessKeyId} is not in the keychain store\nawsrole: hint: awsrole add-key bob stores it\n`,
    });
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
