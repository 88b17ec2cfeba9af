/** A config with a line that nobody can read: what does not need that line works, and doctor reports what it found. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";

const indented = "[default]\n  region = eu-west-1\n  output = json\n";
const badLines = [
  ["an indented [default]", indented],
  ["a line without = in [default]", "[default]\nregion eu-west-1\n"],
  ["a [default] whose header is cut off", "[default\nregion = eu-west-1\n"],
  ["a setting before the first section", "aws_saml_url = home/amazon_aws/x/1\n"],
] as const;

let sts: AwsDouble;
let home: Home;
beforeAll(async () => {
  sts = await startAwsDouble();
});
afterAll(() => sts.close());
beforeEach(() => {
  home = createRoleHome(sts);
});
afterEach(() => home.remove());

const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  runAwsrole(words, { env: { ...home.env, ...env } });

describe.each(badLines)("with %s", (_what, lines) => {
  beforeEach(() => {
    writeFileSync(home.configFile, `${lines}${readFileSync(home.configFile, "utf8")}`);
  });

  it("a profile that does not need it works, from the cache too", async () => {
    for (const words of [
      ["credential-process", "--profile", "prod"],
      ["whoami", "prod"],
      ["exec", "prod", "--", "true"],
      ["logout", "--all"],
    ]) {
      const { code, stderr } = await run(words, { AWSROLE_STORE: "plaintext" });
      expect(stderr, words.join(" ")).not.toContain("config:");
      expect(code, words.join(" ")).toBe(0);
    }
    expect(await run(["credential-process", "--profile", "prod"])).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  it("doctor reports it with what else it found, as JSON too", async () => {
    const { code, stdout } = await run(["doctor", "--json"]);
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout) as { findings: { id: string; file?: string }[] };
    expect(findings.some(({ id }) => /^(?:config-syntax|indented-setting)$/.test(id))).toBe(true);
    expect(findings.map(({ id }) => id)).toContain("store-unusable");
    expect(await run(["doctor"])).toMatchObject({ code: 1, stderr: "" });
  });
});

it("adopt never turns a profile that works into one that does not, whatever [default] is like", async () => {
  const role = "arn:aws:iam::123456789012:role/example-role";
  writeFileSync(
    home.configFile,
    `${indented}[profile dev]\nrole_arn = ${role}\nsource_profile = bob\nregion = us-east-1\n`,
  );
  expect(await run(["adopt", "dev"])).toMatchObject({ code: 0 });
  expect(await run(["credential-process", "--profile", "dev"])).toMatchObject({
    code: 0,
    stderr: "",
  });
});

it("a bad line that may name the store stops what would use one, with its place", async () => {
  writeFileSync(
    home.configFile,
    `[default]\n  awsrole_store = none\n${readFileSync(home.configFile, "utf8")}`,
  );
  const named = await run(["credential-process", "--profile", "prod"]);
  expect(named).toMatchObject({ code: 1, stdout: "" });
  expect(named.stderr).toContain("config:2: ");
  expect(await run(["whoami", "prod"], { AWSROLE_STORE: "none" })).toMatchObject({ code: 0 });
});

it("a bad line before the first section of the credentials file stops nothing that is there", async () => {
  writeFileSync(home.credentialsFile, `U2FsdGVkX1\n${readFileSync(home.credentialsFile, "utf8")}`);
  expect(await run(["credential-process", "--profile", "prod"])).toMatchObject({ code: 0 });
  const missing = await run(["whoami", "nosuch"]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("credentials:1: ");
  expect((await run(["doctor"])).stdout).toContain("config-syntax");
});
