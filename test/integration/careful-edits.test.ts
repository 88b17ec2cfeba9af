/** Commands that could lose something, and do not: shared keys, profiles in two files, secrets that an indented line hides in other values. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHome, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { runInProcess } from "../support/run-in-process.ts";

const keyId = "AKIAIOSFODNN7EXAMPLE";
const roleArn = "awsrole_role_arn = arn:aws:iam::123456789012:role/example-role";
let home: Home;
beforeEach(() => {
  home = createHome();
});
afterEach(() => home.remove());

/** One command on these files, and what has become of the config. */
async function run(words: string, config: string, credentials = "") {
  writeFileSync(home.configFile, config);
  writeFileSync(home.credentialsFile, credentials);
  const finished = await runInProcess(words.split(" "), { ...home.env, AWSROLE_STORE: "none" });
  return { ...finished, after: readFileSync(home.configFile, "utf8") };
}

describe("what is used elsewhere stays", () => {
  const shared = `[profile bob]\nawsrole_access_key_id = ${keyId}\n[profile prod]\n${roleArn}\nawsrole_access_key_id = ${keyId}\n`;

  it.each(["bob", "prod"])(
    "remove-profile %s --with-key keeps a key that the other has",
    async (name) => {
      const { code, stderr, after } = await run(`remove-profile ${name} --with-key`, shared);
      expect(code).toBe(1);
      expect(stderr).toMatch(/is also the key of (?:bob|prod)\nawsrole: hint: /);
      expect(after).toBe(shared);
    },
  );

  it("rename-profile does not tear a profile in two", async () => {
    const config = `[profile bob]\nregion = eu-west-1\n[profile prod]\n${roleArn}\nawsrole_source_profile = bob\n`;
    const keys = `[bob]\naws_access_key_id = ${keyId}\naws_secret_access_key = s\n`;
    const { code, stderr, after } = await run("rename-profile bob bobby", config, keys);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /profile bob also exists in the credentials file \([^)]*credentials:1\)/,
    );
    expect(after).toBe(config);
  });

  it("edit-profile gives no profile a program that is not managed", async () => {
    const sso =
      "[profile sso]\nsso_start_url = https://x.example/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = r\n";
    const { code, after } = await run("edit-profile sso --region eu-west-2", sso);
    expect(code).toBe(0);
    expect(after).toBe(`${sso}region = eu-west-2\n`);
    expect((await run("edit-profile sso --command /bin/true", sso)).code).toBe(1);
  });

  it("remove-key leaves the profile when the store does not exist", async () => {
    const { code, after } = await run(
      "remove-key bob --store keychian",
      `[profile bob]\nawsrole_access_key_id = ${keyId}\n`,
    );
    expect(code).toBe(2);
    expect(after).toContain("[profile bob]");
  });

  it("doctor lets another name for a profile of ours be, and keeps the line that SDKs read", async () => {
    const alias = `[profile alias]\nregion = eu-west-1\ncredential_process = /usr/bin/awsrole credential-process --profile prod\n`;
    const found = await run("doctor alias --json", alias);
    expect(found.stdout).not.toContain("other-profile-in-line");
    const twins = `[profile p]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = bob\nawsrole_source_profile = bob\n[profile bob]\n`;
    const { after } = await run("doctor p --fix --force", twins);
    expect(after).toContain("\nsource_profile = bob\n");
    expect(after).not.toContain("awsrole_source_profile");
  });
});

describe("a secret that an indented line makes part of another value", () => {
  const config = `[profile p]\n${roleArn}\nawsrole_source_profile = bob\nregion = eu-west-1\n  aws_secret_access_key = PLANTED/SECRET\n`;

  it("is in no error, and masked where settings are shown", async () => {
    for (const words of ["config p", "config p --json", "explain p", "whoami p", "list"]) {
      const { stdout, stderr } = await run(
        words,
        config,
        `[bob]\naws_access_key_id = ${keyId}\naws_secret_access_key = s\n`,
      );
      expect(stdout + stderr, words).not.toContain("PLANTED/SECRET");
    }
    const asked = await runAwsrole(["credential-process", "--profile", "p"], { env: home.env });
    expect(asked.stderr).toMatch(/^awsrole: [^\n]*is not a region/);
    expect(asked.stderr).not.toContain("PLANTED/SECRET");
  });
});

describe("a program that cannot be started at all", () => {
  it.each(["credential_process", "awsrole_mfa_process"])(
    "as %s is an error with its name",
    async (key) => {
      const file = join(home.path, "file");
      writeFileSync(file, "");
      const source =
        key === "credential_process" ? `[profile q]\ncredential_process = ${file}/x\n` : "";
      const mfa =
        key === "credential_process"
          ? ""
          : `awsrole_mfa_serial = arn:aws:iam::123456789012:mfa/Bob\n${key} = ${file}/x\n`;
      writeFileSync(
        home.configFile,
        `[profile p]\n${roleArn}\nawsrole_source_profile = ${source === "" ? "bob" : "q"}\nregion = eu-west-1\n${mfa}${source}`,
      );
      writeFileSync(
        home.credentialsFile,
        `[bob]\naws_access_key_id = ${keyId}\naws_secret_access_key = s\n`,
      );
      const { code, stderr } = await runAwsrole(["credential-process", "--profile", "p"], {
        env: { ...home.env, AWSROLE_STORE: "none" },
      });
      expect([1, 3]).toContain(code);
      expect(stderr).toMatch(/cannot be started|could not be started/);
      expect(stderr).not.toContain("inside awsrole");
    },
  );
});

describe("a role of the credentials file", () => {
  const role = `[dev]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = bob\n`;
  const bob = `[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = planted\n`;

  it.each([
    ["alone", "", "[profile dev]\n"],
    [
      "with a part in the config file",
      "[profile dev]\nregion = eu-west-1\n",
      "[profile dev]\nregion = eu-west-1\n",
    ],
  ])("is moved by adopt: %s", async (_, config, start) => {
    const home = createHome({ config, credentials: `${bob}\n${role}` });
    try {
      const shown = await runInProcess(["adopt", "dev", "--dry-run"], home.env);
      expect(shown.stdout).toContain("-role_arn = arn:aws:iam");
      expect(readFileSync(home.credentialsFile, "utf8")).toBe(`${bob}\n${role}`);
      const { stdout, code } = await runInProcess(["adopt", "dev"], home.env);
      expect(stdout).toContain("moved the role of dev from");
      expect(code).toBe(0);
      expect(readFileSync(home.credentialsFile, "utf8")).toBe(bob);
      const text = readFileSync(home.configFile, "utf8");
      expect(text).toContain(start);
      expect(text).toMatch(
        /^awsrole_role_arn = .*\nawsrole_source_profile = bob\ncredential_process = .* --profile dev$/m,
      );
      expect(text).not.toMatch(/^role_arn/m);
    } finally {
      await home.remove();
    }
  });

  it.each([
    [
      "has a key, too",
      "",
      `${role}aws_secret_access_key = planted\n`,
      "has both a role and an access key",
    ],
    [
      "is another one in the config file",
      "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/y\nsource_profile = bob\n",
      role,
      "role_arn has one value in",
    ],
  ])("is left where it is when it %s", async (_, config, credentials, why) => {
    const home = createHome({ config: config || "[profile else]\n", credentials });
    try {
      const { stderr, code } = await runInProcess(["adopt", "dev"], home.env);
      expect(stderr).toContain(why);
      expect(code).toBe(1);
      expect(readFileSync(home.credentialsFile, "utf8")).toBe(credentials);
      expect(readFileSync(home.configFile, "utf8")).toBe(config || "[profile else]\n");
    } finally {
      await home.remove();
    }
  });

  it("is named when a profile of its name is removed from the config file", async () => {
    const home = createHome({ config: "[profile dev]\nregion = eu-west-1\n", credentials: role });
    try {
      const { stderr } = await runInProcess(["remove-profile", "dev"], home.env);
      expect(stderr).toMatch(/warning: \[dev\] in .*credentials:1 is still there/);
      const changed = await runInProcess(
        ["edit-profile", "dev", "--region", "eu-west-1"],
        home.env,
      );
      expect(changed.stderr).toContain("awsrole adopt dev moves the role there");
    } finally {
      await home.remove();
    }
  });
});
