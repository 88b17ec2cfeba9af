/** `awsrole explain`: what it says of a chain, and that saying it touches nothing. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRoleHome } from "../support/role-home.ts";
import { createHome, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { runInProcess } from "../support/run-in-process.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

type Json = Record<string, unknown> & {
  chain: {
    kind: string;
    profile: string;
    roleArn?: string;
    call?: { action: string; signedBy: string; region: string };
    duration?: { seconds: number; why: string };
    mfa?: { asked: boolean; serial?: string; why: string };
    settings: { key: string; value: string; file: string; line: number }[];
  }[];
  mfa: { asked: boolean; steps: { profile: string; asked: boolean }[] };
  cache: {
    state: string;
    until?: string;
    changed?: { input: string; was?: string; is?: string }[];
  };
  consumers: Record<string, string>;
};

describe("explain", () => {
  let home: Home;
  const made: Home[] = [];
  const make = (files: { config: string; credentials?: string }): Home => {
    home = createHome(files);
    made.push(home);
    return home;
  };
  const explain = async (words: string): Promise<Json> => {
    const { stdout, code, stderr } = await runInProcess(
      ["explain", ...words.split(" "), "--json"],
      home.env,
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return JSON.parse(stdout) as Json;
  };
  afterEach(async () => {
    for (const one of made.splice(0)) await one.remove();
  });

  const config = [
    "[profile prod]",
    "credential_process = /usr/local/bin/awsrole credential-process --profile prod",
    "region = eu-west-1",
    "awsrole_role_arn = arn:aws:iam::123456789012:role/example-role",
    "awsrole_source_profile = mid",
    "awsrole_duration_seconds = 7200",
    "[profile mid]",
    "role_arn = arn:aws:iam::123456789012:role/mid",
    "source_profile = bob",
    "mfa_serial = arn:aws:iam::123456789012:mfa/bob",
    "[profile long]",
    "role_arn = arn:aws:iam::123456789012:role/long",
    "source_profile = bob",
    "duration_seconds = 7200",
    "mfa_serial = arn:aws:iam::123456789012:mfa/bob",
    "",
  ].join("\n");
  const credentials =
    "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = planted-secret\n";

  it("goes down the chain, with the place of every setting and the signer of every call", async () => {
    make({ config, credentials });
    const { chain, mfa, cache, consumers, profile } = await explain("prod");
    expect(profile).toBe("prod");
    expect(chain.map(({ kind, profile: name, roleArn }) => [kind, name, roleArn])).toEqual([
      ["role", "prod", "arn:aws:iam::123456789012:role/example-role"],
      ["role", "mid", "arn:aws:iam::123456789012:role/mid"],
      ["user-session", "mid", undefined],
      ["static", "bob", undefined],
    ]);
    expect(chain.map(({ call }) => call?.action)).toEqual([
      "AssumeRole",
      "AssumeRole",
      "GetSessionToken",
      undefined,
    ]);
    expect(chain[0]?.call?.signedBy).toContain("role/mid (profile mid)");
    expect(chain[2]?.call?.signedBy).toContain("AKIAIOSFODNN7EXAMPLE");
    const places = chain[0]?.settings.map(({ key, file, line }) => [key, file, line]);
    expect(places).toContainEqual(["awsrole_duration_seconds", home.configFile, 6]);
    expect(chain[3]?.settings).toContainEqual({
      key: "aws_secret_access_key",
      value: "****",
      file: home.credentialsFile,
      line: 3,
    });
    expect(chain[0]?.duration).toMatchObject({ seconds: 3600 });
    expect(chain[0]?.duration?.why).toMatch(/^capped: 3600 s/);
    expect(mfa.asked).toBe(true);
    expect(chain.map((hop) => hop.mfa?.asked)).toEqual([false, false, true, undefined]);
    expect(cache.state).toBe("none");
    expect(consumers).toMatchObject({ botocore: "process", go: "process" });
  });

  it("says why a long role wants a code of its own", async () => {
    make({ config, credentials });
    const { chain } = await explain("long");
    expect(chain[0]?.mfa).toMatchObject({
      asked: true,
      serial: "arn:aws:iam::123456789012:mfa/bob",
      why: expect.stringContaining("7200 s is more than the 3600 s") as string,
    });
    expect(chain[0]?.duration).toMatchObject({ seconds: 7200 });
  });

  it("takes AWS_PROFILE for NAME, and wants one", async () => {
    make({ config, credentials });
    const named = await runInProcess(["explain", "--verbose"], { ...home.env, AWS_PROFILE: "mid" });
    expect(named.stdout).toMatch(/^1\. profile mid: arn:aws:iam::123456789012:role\/mid$/m);
    expect(named.stdout).toMatch(/mfa_serial = .* # .*config:10$/m);
    expect(named.stdout).not.toContain("planted-secret");
    expect(await runInProcess(["explain"], home.env)).toMatchObject({ code: 2, stdout: "" });
  });

  it("gives a circle and an unknown name as errors, in JSON too", async () => {
    make({
      config:
        "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = b\n[profile b]\nrole_arn = arn:aws:iam::123456789012:role/b\nsource_profile = a\n",
    });
    const circle = await runInProcess(["explain", "a", "--json"], home.env);
    expect(circle.code).toBe(1);
    expect(JSON.parse(circle.stdout)).toMatchObject({
      error: {
        code: "ERR_PROFILE_CYCLE",
        message: expect.stringContaining("a -> b -> a") as string,
      },
    });
    const unknown = await runInProcess(["explain", "aa", "--json"], home.env);
    expect(JSON.parse(unknown.stdout)).toMatchObject({
      error: { code: "ERR_PROFILE_NOT_FOUND" },
    });
  });

  it("says what programs do with a profile that awsrole refuses", async () => {
    make({
      config:
        "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/p\ncredential_process = /bin/p\n",
    });
    const refused = await runInProcess(["explain", "p"], home.env);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^awsrole: profile p: has a role but no source/);
    expect(refused.stdout).toMatch(
      /^What programs do with p\n {3}measured with: role_arn \+ credential_process \(and a region, which this profile does not have\)\n/,
    );
    expect(refused.stdout).toMatch(/^boto3 +reports that it has no credentials$/m);
    expect(refused.stdout).toMatch(/^Go, Terraform +runs .* then assumes the role once more$/m);
    expect((await runInProcess(["explain", "pp"], home.env)).stdout).toBe("");
  });

  it("says which programs were not measured, and where none was", async () => {
    make({ config, credentials });
    const short = await runInProcess(["explain", "mid"], home.env);
    expect(short.stdout).toMatch(/^ {3}Programs {3}.*\.NET: not measured$/m);
    for (const text of [
      config.replace("[profile mid]", "[profile  mid]"),
      config.replace("[profile mid]", "[profile mid]# ours"),
      config.replace("[profile mid]", "[profile mid] # [ours]"),
      config.replace(
        "role_arn = arn:aws:iam::123456789012:role/mid",
        "Role_ARN = arn:aws:iam::123456789012:role/mid",
      ),
    ]) {
      writeFileSync(home.configFile, text);
      const { stdout } = await runInProcess(["explain", "mid"], home.env);
      expect(stdout, text).toMatch(/^ {3}Programs {3}all others: not measured$/m);
    }
  });

  it("runs no command of the config, and writes nothing", async () => {
    make({ config: "" });
    const marker = join(home.path, "marker");
    writeFileSync(
      home.configFile,
      `[profile p]\nrole_arn = arn:aws:iam::123456789012:role/p\nsource_profile = q\nmfa_process = touch ${marker}\n[profile q]\ncredential_process = touch ${marker}\n`,
    );
    const { chain } = await explain("p");
    expect(chain.at(-1)).toMatchObject({ kind: "process" });
    expect(existsSync(marker)).toBe(false);
    expect(existsSync(join(home.path, "state"))).toBe(false);
  });

  it("escapes what a config could do to a terminal", async () => {
    make({ config: "[profile p]\naws_access_key_id = A\u001b[2J\naws_secret_access_key = s\n" });
    const { stdout } = await runInProcess(["explain", "p"], home.env);
    expect(stdout).toContain("\\u{1b}");
    expect(stdout).not.toContain("\u001b");
  });

  describe("of a session that was fetched", () => {
    let sts: AwsDouble;
    beforeEach(async () => {
      sts = await startAwsDouble();
      home = createRoleHome(sts);
      made.push(home);
      home = { ...home, env: { ...home.env, AWSROLE_STORE: "plaintext" } };
      const { code } = await runAwsrole(["credential-process", "--profile", "prod"], home);
      expect(code).toBe(0);
    });
    afterEach(() => sts.close());

    it("says that it is cached, in which store and until when", async () => {
      const { cache } = await explain("prod");
      expect(cache).toMatchObject({ state: "cached", store: "plaintext" });
      expect(Date.parse(cache.until ?? "")).toBeGreaterThan(Date.now());
    });

    it("says which input changed since, so that the session is not used", async () => {
      const text = readFileSync(home.configFile, "utf8");
      writeFileSync(
        home.configFile,
        text.replace("AWSCLI-Session", "other") + "\nawsrole_external_id = x-1\n",
      );
      const { cache } = await explain("prod");
      expect(cache.state).toBe("other");
      expect(cache.changed).toEqual([
        { input: "sessionName", was: "AWSCLI-Session", is: "other" },
        { input: "externalId", is: "x-1" },
      ]);
      const short = await runInProcess(["explain", "prod"], home.env);
      expect(short.stdout).toMatch(/^ {3}Changed {4}sessionName: AWSCLI-Session -> other$/m);
      expect(short.stdout).toMatch(/^ {3}Programs {3}/m);
      expect(short.stdout.split("\n").length).toBeLessThan(16);
      const { stdout } = await runInProcess(["explain", "prod", "--verbose"], home.env);
      expect(stdout).toContain("changed: sessionName: AWSCLI-Session -> other");
      expect(stdout).toMatch(/^ {3}key: {6}role = arn.*; sessionName = other; externalId = x-1/m);
    });
  });
});
