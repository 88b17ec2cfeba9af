/** Editing, removing, renaming, adopting, releasing, taking back, listing: what each does to the file, and what AWS tools make of it. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openItemIndex, type IndexEntry } from "../../src/state/item-index.ts";
import { stateFolder } from "../../src/state/state-dir.ts";
import {
  createHome,
  type Home,
  privateMode,
  runAwsrole,
  runCommand,
} from "../support/run-awsrole.ts";
import { runInProcess } from "../support/run-in-process.ts";

const arn = "arn:aws:iam::123456789012:role/example-role";
const hand = `# my profiles; keep this comment
[default]
region   = eu-west-1   # aligned

[profile mid]
  # indented comment
role_arn=${arn}
source_profile = bob
s3 =
  max_concurrent_requests = 20
mfa_serial = arn:aws:iam::123456789012:mfa/bob

; the end of the chain
[profile prod]
role_arn = ${arn}
source_profile = mid
duration_seconds = 900
`;

describe("profile commands", () => {
  let home: Home;
  beforeEach(() => {
    home = createHome({
      config: hand,
      credentials:
        "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = PLANTEDSECRET\n",
    });
  });
  afterEach(() => home.remove());
  const config = (): string => readFileSync(home.configFile, "utf8");
  const run = (...words: string[]) => runInProcess(words, home.env);
  const done = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...words);
    expect(code, stderr).toBe(0);
    return stdout;
  };

  it.each([
    [["edit-profile", "--duration-seconds", "1800"]],
    [["remove-profile"]],
    [["rename-profile"]],
    [["rename-profile", "stage"]],
    [["adopt"]],
    [["release"]],
    [["logout"]],
    [["remove-key"]],
    [["rotate-key"]],
  ])("%j does nothing to the profile of AWS_PROFILE: it wants a NAME", async (words) => {
    const credentials = readFileSync(home.credentialsFile, "utf8");
    const AWS_PROFILE = "prod";
    const { code, stdout, stderr } = await runInProcess(words, { ...home.env, AWS_PROFILE });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^awsrole: .*(?:NAME|NEW|profile)/);
    expect(config()).toBe(hand);
    expect(readFileSync(home.credentialsFile, "utf8")).toBe(credentials);
  });

  it("edit-profile changes the lines it is told to change and no other", async () => {
    await done("edit-profile", "prod", "--duration-seconds", "1800", "--external-id", "abc");
    expect(config()).toBe(
      hand.replace("duration_seconds = 900\n", "duration_seconds = 1800\nexternal_id = abc\n"),
    );
    await done("edit-profile", "prod", "--external-id", "", "--duration-seconds", "900");
    expect(config()).toBe(hand);
  });

  it("remove-profile says who needs it, takes exactly its lines, and undo brings them back", async () => {
    const refused = await run("remove-profile", "mid");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(/profile mid is the source of prod/);
    expect(config()).toBe(hand);
    await done("remove-profile", "mid", "--force");
    expect(config()).not.toContain("max_concurrent_requests");
    expect(config()).toContain("# my profiles; keep this comment");
    expect(config()).toContain("; the end of the chain");
    await done("undo");
    expect(config()).toBe(hand);
  });

  it("remove-profile says that the profile is gone even when its sessions cannot be deleted", async () => {
    await openItemIndex(stateFolder(home.env, process.platform, home.path)).put({
      account: "session/v1/prod/1",
      kind: "role",
      store: "file",
      profile: "prod",
    });
    writeFileSync(join(home.path, "state", "awsrole", "file"), "not the folder of a store");
    const { code, stdout, stderr } = await run("remove-profile", "prod");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^removed profile prod from .*config\nnext: awsrole logout prod/);
    expect(stderr).toMatch(/^awsrole: /);
    expect(config()).not.toContain("[profile prod]");
  });

  it("rename-profile changes the profiles that name it", async () => {
    await done("rename-profile", "mid", "middle");
    expect(config()).toBe(
      hand
        .replace("[profile mid]", "[profile middle]")
        .replace("source_profile = mid", "source_profile = middle"),
    );
    await done("add-profile", "extra", "--role-arn", arn, "--source-profile", "middle");
    await done("rename-profile", "extra", "more");
    expect(config()).toMatch(
      /\[profile more\]\ncredential_process = .* credential-process --profile more\n/,
    );
    const taken = await run("rename-profile", "more", "prod");
    expect(taken).toMatchObject({ code: 1 });
  });

  it("a role in the credentials file counts as one that points at a profile", async () => {
    appendFileSync(home.credentialsFile, `[old]\nrole_arn = ${arn}\nsource_profile = prod\n`);
    const refused = await run("remove-profile", "prod");
    expect(refused.stderr).toMatch(/profile prod is the source of old\n/);
    expect(refused.code).toBe(1);
    const { code, stderr } = await run("rename-profile", "prod", "live");
    expect(stderr).toMatch(
      /warning: \[old\] in .*credentials, which awsrole does not edit, still has source_profile = prod: change it to live\n/,
    );
    expect(code).toBe(0);
  });

  it("list groups the roles of IAM Identity Center by session, and finds them by account and session", async () => {
    const sso = (name: string, session: string, account: string): string =>
      `\n[profile ${name}]\ncredential_process = awsrole credential-process --profile ${name}\nawsrole_sso_session = ${session}\nawsrole_sso_account_id = 222222222222\nawsrole_sso_account_name = ${account}\nawsrole_sso_role_name = Admin\n`;
    const session = (name: string): string =>
      `\n[sso-session ${name}]\nsso_start_url = https://${name}.awsapps.com/start\nsso_region = eu-west-1\n`;
    appendFileSync(
      home.configFile,
      [
        session("corp"),
        sso("one", "corp", "Acme Dev"),
        session("other"),
        sso("two", "other", "Umbrella"),
        sso("three", "corp", "Acme Prod"),
      ].join(""),
    );
    const stdout = await done("list");
    const first = stdout.split("\n").map((line) => line.split("  ")[0]);
    expect(first.slice(first.indexOf("bob"))).toEqual([
      "bob",
      "",
      "corp: not signed in",
      "one",
      "three",
      "",
      "other: not signed in",
      "two",
      "",
    ]);
    expect(stdout).toMatch(/^three +sso +Acme Prod Admin$/m);
    expect(await done("list", "acme p*")).toMatch(/^PROFILE.*\n\ncorp: not signed in\nthree .*\n$/);
    expect(await done("list", "other")).toMatch(/^PROFILE.*\n\nother: not signed in\ntwo .*\n$/);
    expect(await done("list", "--quiet", "acme")).toMatch(/^PROFILE.*\none .*\nthree .*\n$/);
    expect(await done("list", "--tree", "mid")).not.toContain("there is no profile");
    appendFileSync(
      home.configFile,
      "\n[profile odd]\nsso_start_url = https://odd.awsapps.com/start\u001B]0;x\u0007\nsso_region = eu-west-1\nsso_account_id = 222222222222\nsso_role_name = Admin\n",
    );
    expect(await done("list")).not.toContain("\u001B");
    expect(JSON.parse(await done("list", "--json", "two"))).toMatchObject({
      profiles: [{ name: "two", ssoSession: "other", ssoRole: "Umbrella Admin" }],
    });
  });

  it("adopt and release are each other's reverse, byte for byte", async () => {
    const out = await done("adopt", "prod", "--dry-run");
    expect(out).toMatch(/^-role_arn/m);
    expect(config()).toBe(hand);
    await done("adopt", "prod");
    expect(config()).toContain(
      `awsrole_role_arn = ${arn}\nawsrole_source_profile = mid\nawsrole_duration_seconds = 900\n`,
    );
    expect(config()).toMatch(/\ncredential_process = .* credential-process --profile prod\n/);
    expect(await run("adopt", "prod")).toMatchObject({ code: 1 });
    await done("adopt", "mid");
    expect(config()).toContain("  max_concurrent_requests = 20");
    await done("release", "--all");
    expect(config()).toBe(hand);
    expect(await run("release", "prod")).toMatchObject({ code: 1 });
    expect(await run("adopt", "default")).toMatchObject({ code: 1 });
  });

  it("undo goes back up to ten changes, only on the file it knows", async () => {
    for (let seconds = 901; seconds <= 912; seconds += 1)
      await done("edit-profile", "prod", "--duration-seconds", String(seconds));
    for (let step = 0; step < 9; step += 1) await done("undo");
    expect(JSON.parse(await done("undo", "--json"))).toMatchObject({
      action: "edit-profile prod",
      changed: true,
      undoable: false,
    });
    expect(config()).toContain("duration_seconds = 902");
    expect(await run("undo")).toMatchObject({ code: 1 });
    await done("edit-profile", "prod", "--duration-seconds", "999");
    writeFileSync(home.configFile, `${config()}# by hand\n`);
    const refused = await run("undo");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(/changed by something else/);
  });

  it("keeps no copy of the file, and no secret, in what undo remembers", async () => {
    await done("edit-profile", "prod", "--duration-seconds", "901");
    const state = join(home.path, "state", "awsrole");
    const kept = readdirSync(state, { recursive: true, encoding: "utf8" })
      // On Windows the runtime folder is in there, with empty lock files.
      .filter((name) => !name.startsWith("run"))
      .map((name) => join(state, name))
      .filter((file) => statSync(file).isFile());
    expect(kept.length).toBe(1);
    for (const file of kept) {
      expect(statSync(file).mode & 0o777).toBe(privateMode.file);
      expect(readFileSync(file, "utf8")).not.toMatch(/max_concurrent_requests|PLANTEDSECRET/);
    }
  });

  describe("list", () => {
    it("shows every profile, a broken one too", async () => {
      writeFileSync(home.configFile, `${hand}[profile odd]\nawsrole_role_arn = nonsense\n`);
      const { profiles } = JSON.parse(await done("list", "--json")) as {
        profiles: Record<string, string>[];
      };
      expect(profiles.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
        "default: settings only",
        "mid: role",
        "prod: role",
        "odd: broken",
        "bob: plain-text key",
      ]);
      expect(profiles[2]).toEqual({
        name: "prod",
        kind: "role",
        roleArn: arn,
        sourceProfile: "mid",
      });
      const table = await done("list");
      expect(table.split("\n")[0]).toMatch(/^PROFILE +KIND +ROLE +VIA$/);
      expect(table).toMatch(/^prod +role +123456789012 example-role +mid$/m);
      expect(table).not.toContain("PLANTEDSECRET");
    });
    it("says which store holds what until when, and opens none of them", async () => {
      writeFileSync(
        home.configFile,
        `${hand}\n[profile key]\nawsrole_access_key_id = AKIAIOSFODNN7EXAMPLE\n`,
      );
      const rows = openItemIndex(stateFolder(home.env, process.platform, home.path));
      const put = (kind: IndexEntry["kind"], account: string, profile: string, minutes: number) =>
        rows.put({
          kind,
          account,
          profile,
          // A keychain that is not there: opening it would fail.
          store: "keychain",
          ...(kind === "key"
            ? {}
            : { expiresAt: new Date(Date.now() + minutes * 60_000 + 30_000).toISOString() }),
        });
      await put("role", "session/v1/prod/1", "prod", 54);
      await put("role", "session/v1/prod/2", "prod", 20);
      await put("role", "session/v1/mid/1", "mid", -1);
      await put("mfa", "mfa/v1/1", "default", 54);
      await put("key", "key/v1/AKIAIOSFODNN7EXAMPLE", "key", 0);
      const table = await done("list");
      expect(table).toMatch(/^prod .* mid +\d\d:\d\d, in 54 min +keychain$/m);
      expect(table).toMatch(/^mid .* bob$/m);
      expect(table).toMatch(/^default +settings only$/m);
      expect(table).toMatch(/^key +key in the store +AKIAIOSFODNN7EXAMPLE +keychain$/m);
    });
    it("draws the tree of sources", async () => {
      writeFileSync(
        home.configFile,
        `${hand}[profile id]\nrole_arn = ${arn}\nsource_profile = nobody\n[profile vm]\nrole_arn = ${arn}\ncredential_source = Ec2InstanceMetadata\n`,
      );
      expect(await done("list", "--tree")).toBe(
        [
          "default  settings only",
          `id  ${arn}  (there is no profile nobody)`,
          `vm  ${arn}  (EC2)`,
          "bob  plain-text key",
          `└─ mid  ${arn}`,
          `   └─ prod  ${arn}`,
          "",
        ].join("\n"),
      );
    });
    it("draws every circle once, from its first profile, with what hangs on it", async () => {
      const role = (name: string, source: string): string =>
        `[profile ${name}]\nrole_arn = ${arn}\nsource_profile = ${source}\n`;
      const roles = [
        role("x", "a"),
        role("ab", "b"),
        role("a", "b"),
        role("b", "a"),
        role("s", "s"),
      ];
      writeFileSync(home.configFile, roles.join(""));
      expect(await done("list", "--tree")).toBe(
        [
          "bob  plain-text key",
          `a  ${arn}`,
          `├─ x  ${arn}`,
          `└─ b  ${arn}`,
          `   ├─ ab  ${arn}`,
          `   └─ a  ${arn}  (a circle)`,
          `s  ${arn}`,
          `└─ s  ${arn}  (a circle)`,
          "",
        ].join("\n"),
      );
    });
    it("takes a moment with thousands of profiles", async () => {
      writeFileSync(
        home.configFile,
        Array.from(
          { length: 5000 },
          (_, i) => `[profile p${i}]\nrole_arn = ${arn}\nsource_profile = bob\n`,
        ).join("\n"),
      );
      const started = performance.now();
      expect((await done("list")).split("\n").length).toBe(5003);
      expect(performance.now() - started).toBeLessThan(10_000);
    });
  });

  describe("the file on the disk", () => {
    const edit = (seconds = 901) =>
      run("edit-profile", "prod", "--duration-seconds", String(seconds));
    it("keeps its mode, and a link to it stays a link", async () => {
      chmodSync(home.configFile, 0o640);
      const real = join(home.path, "dotfiles-config");
      writeFileSync(real, hand, { mode: 0o640 });
      chmodSync(real, 0o640);
      rmSync(home.configFile);
      symlinkSync(real, home.configFile);
      expect((await edit()).code).toBe(0);
      expect(lstatSync(home.configFile).isSymbolicLink()).toBe(true);
      expect(realpathSync(home.configFile)).toBe(realpathSync(real));
      expect(statSync(real).mode & 0o777).toBe(0o640);
      expect(readFileSync(real, "utf8")).toContain("901");
    });
    const untouched = async (message: RegExp): Promise<void> => {
      const before = config();
      const refused = await edit();
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toMatch(message);
      expect(config()).toBe(before);
      expect(
        readdirSync(join(home.path, ".aws")).filter((name) => name.includes("awsrole-")),
      ).toEqual([]);
    };
    it("is not touched when it is read-only", async () => {
      chmodSync(home.configFile, 0o444);
      await untouched(/is read-only/);
    });
    it("is not touched when it has a hard link", async () => {
      linkSync(home.configFile, join(home.path, "second"));
      await untouched(/hard link/);
    });
    it("is created private, in a private folder", async () => {
      rmSync(join(home.path, ".aws"), { recursive: true });
      await done("add-profile", "new", "--role-arn", arn, "--source-profile", "bob");
      expect(statSync(home.configFile).mode & 0o777).toBe(privateMode.file);
      expect(statSync(join(home.path, ".aws")).mode & 0o777).toBe(privateMode.folder);
      await done("remove-profile", "new");
      expect(config()).toBe("");
    });
    it("loses no byte in a dangling link's place", async () => {
      rmSync(home.configFile);
      symlinkSync(join(home.path, "nowhere"), home.configFile);
      const refused = await run("add-profile", "new", "--role-arn", arn, "--source-profile", "bob");
      expect(refused.stderr).toMatch(/link to a file that does not exist/);
      expect(existsSync(join(home.path, "nowhere"))).toBe(false);
    });
    it("gets every profile when many are added at once", async () => {
      const count = process.env["AWSROLE_TEST_LONG"] === undefined ? 12 : 50;
      const all = await Promise.all(
        Array.from({ length: count }, (_, i) =>
          runAwsrole(["add-profile", `many-${i}`, "--role-arn", arn, "--source-profile", "bob"], {
            env: home.env,
          }),
        ),
      );
      expect(
        all.map(({ code, stderr }) => `${code}${stderr.replace(/awsrole: warning.*\n/g, "")}`),
      ).toEqual(Array.from({ length: count }, () => "0"));
      for (let i = 0; i < count; i += 1) expect(config()).toContain(`[profile many-${i}]\n`);
      expect(config().startsWith(hand)).toBe(true);
    });
  });

  const noAws =
    spawnSync("aws", ["--version"]).status === 0 ? undefined : "the AWS CLI is not installed";
  it.skipIf(noAws !== undefined)(
    `the AWS CLI reads and writes what awsrole wrote${noAws === undefined ? "" : ` (skipped: ${noAws})`}`,
    async () => {
      const aws = async (...words: string[]): Promise<string> =>
        (await runCommand(["aws", "configure", ...words], { env: home.env })).stdout.trim();
      // Version 1 of the CLI has no list-profiles; this is what it would print.
      const profiles = async (): Promise<string[]> => {
        const script =
          "import botocore.session; print(' '.join(botocore.session.Session().available_profiles))";
        return (await runCommand(["python3", "-c", script], { env: home.env })).stdout
          .trim()
          .split(" ");
      };
      await done(
        "add-profile",
        "new",
        "--role-arn",
        arn,
        "--source-profile",
        "bob",
        "--region",
        "eu-west-1",
      );
      await done("adopt", "prod");
      expect((await profiles()).toSorted()).toEqual(["bob", "default", "mid", "new", "prod"]);
      expect(await aws("get", "region", "--profile", "new")).toBe("eu-west-1");
      await aws("set", "region", "us-east-1", "--profile", "new");
      expect(await aws("get", "awsrole_role_arn", "--profile", "prod")).toBe(arn);
      await done("edit-profile", "new", "--duration-seconds", "1000");
      expect(await aws("get", "region", "--profile", "new")).toBe("us-east-1");
      await done("remove-profile", "new");
      expect(await profiles()).not.toContain("new");
    },
  );
});
