/** What a person or an SDK sees of bad input: exit code 1, an empty stdout, what is wrong and where, and how to fix it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHome, type Finished, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const role = "awsrole_role_arn = arn:aws:iam::123456789012:role/example-role";
const bob = "awsrole_source_profile = bob";

/** The lines of [profile prod], the message without the config's folder, and the hint. */
const rows: readonly (readonly [
  what: string,
  lines: readonly string[],
  message: string,
  hint: string,
])[] = [
  [
    "no role",
    [bob],
    "profile prod has source_profile = bob (config:2) but no role_arn, without which it means nothing",
    "add role_arn; for the credentials of bob in another region use --region, or AWS_REGION with that profile",
  ],
  [
    "no source",
    [role],
    "profile prod: has a role but no source credentials to assume it with",
    "add awsrole_source_profile, awsrole_credential_source or awsrole_web_identity_token_file",
  ],
  [
    "a malformed ARN",
    ["awsrole_role_arn = arn:aws:iam::12:role/x", bob],
    "profile prod: awsrole_role_arn = arn:aws:iam::12:role/x is not valid (config:2)",
    "an ARN looks like arn:aws:iam::123456789012:role/NAME",
  ],
  [
    "plain and prefixed keys",
    [role, "role_arn = arn:aws:iam::123456789012:role/x", bob],
    "profile prod: has both role_arn (config:3) and awsrole_role_arn (config:2)",
    "keep one: remove role_arn, or write it as awsrole_role_arn",
  ],
  [
    "an unknown key of ours",
    [role, "awsrole_sourceprofile = bob"],
    "profile prod: unknown key awsrole_sourceprofile (config:3)",
    "did you mean awsrole_source_profile?",
  ],
  [
    "a source that is missing",
    [role, "awsrole_source_profile = bobb"],
    "profile prod has source profile bobb, which does not exist",
    "did you mean bob? awsrole edit-profile prod --source-profile bob",
  ],
  [
    "a circle",
    [role, "awsrole_source_profile = b", "[profile b]", role, "awsrole_source_profile = prod"],
    "circular source_profile: prod -> b -> prod",
    "set a source that is not part of this loop",
  ],
  ...["899", "43201", "an hour"].map(
    (seconds) =>
      [
        `a duration of ${seconds}`,
        [role, bob, `awsrole_duration_seconds = ${seconds}`],
        `profile prod: awsrole_duration_seconds = ${seconds} is not valid (config:4)`,
        "it is a whole number of seconds from 900 to 43200",
      ] as const,
  ),
  [
    "a session name with a space",
    [role, bob, "awsrole_role_session_name = a b"],
    "profile prod: awsrole_role_session_name = a b is not valid (config:4)",
    "letters, digits and _+=,.@-, 2 to 64 of them; or with {user}, {iam-user}, {host} and {profile} in it",
  ],
  [
    "bytes that are not UTF-8",
    [role, "awsrole_source_profile = \xff"],
    "config:3: the line is not valid UTF-8",
    "save the file as UTF-8",
  ],
  [
    "escape sequences in a value",
    ["awsrole_role_arn = \u001B[31mred", bob],
    "profile prod: awsrole_role_arn = \\u{1b}[31mred is not valid (config:2)",
    "an ARN looks like arn:aws:iam::123456789012:role/NAME",
  ],
];

describe("bad input", () => {
  it.concurrent.each(rows)("%s", async (_what, lines, message, hint) => {
    const { code, stdout, stderr } = await askWith(
      Buffer.from(`[profile prod]\n${lines.join("\n")}\n`, "latin1"),
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`awsrole: ${message}\nawsrole: hint: ${hint}\n`);
  });

  it.concurrent("a profile that does not exist: the nearest is named", async () => {
    const { code, stdout, stderr } = await askWith(`[profile prod]\n${role}\n${bob}\n`, "prdo");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      "awsrole: profile prdo not found\nawsrole: hint: did you mean prod? run awsrole list to see your profiles\n",
    );
  });

  it.concurrent("names that JavaScript knows are profiles like others, or absent like others", async () => {
    const config = `[profile __proto__]\n${role}\nawsrole_source_profile = constructor\n`;
    expect((await askWith(config, "__proto__")).stderr).toMatch(
      /^awsrole: profile __proto__ has source profile constructor, which does not exist\n/,
    );
    expect((await askWith(config, "toString")).stderr).toMatch(/^awsrole: profile toString not/);
  });

  it.concurrent("a folder in the file's place, and a file saved as UTF-16", async () => {
    const home = createHome();
    mkdirSync(home.configFile);
    const folder = await ask(home.env);
    await home.remove();
    expect(folder.stderr).toMatch(
      /^awsrole: [^\n]*config is a folder, not a file\nawsrole: hint: /,
    );
    const utf16 = await askWith(Buffer.from("\uFEFF[profile prod]", "utf16le"));
    expect(utf16.stderr).toMatch(/^awsrole: config is saved as UTF-16[^\n]*\nawsrole: hint: /);
    for (const { code, stdout } of [folder, utf16])
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
});

describe("what STS refuses", () => {
  let sts: AwsDouble;
  beforeAll(async () => {
    sts = await startAwsDouble();
  });
  afterAll(() => sts.close());

  const askSts = async (key: string, secret: string): Promise<Finished> => {
    const home = createHome({
      config: `[profile prod]\n${role}\n${bob}\nregion = eu-west-1\n`,
      credentials: `[bob]\naws_access_key_id = ${key}\naws_secret_access_key = ${secret}\n`,
    });
    try {
      return await ask({ ...home.env, AWS_ENDPOINT_URL_STS: sts.url, AWSROLE_STORE: "none" });
    } finally {
      await home.remove();
    }
  };

  it("a key that does not exist, and a secret with a letter too few: which, in STS's words, and what to do", async () => {
    const { accessKeyId, secretAccessKey } = sts.bob;
    const unknown = await askSts("AKIAIOSFODNN7NOBODY1", secretAccessKey);
    const mistyped = await askSts(accessKeyId, secretAccessKey.slice(1));
    for (const { code, stdout, stderr } of [unknown, mistyped]) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^awsrole: [^\n]+\nawsrole: hint: [^\n]+\n$/);
      expect(stderr).not.toContain(secretAccessKey.slice(1, 20));
    }
    expect(unknown.stderr).toMatch(/security token included in the request is invalid/);
    expect(mistyped.stderr).toMatch(/signature/);
  });

  it("a clock that is three hours wrong: corrected by STS's own, silently", async () => {
    sts.clock.advance(3 * 3_600_000);
    const { code, stderr } = await askSts(sts.bob.accessKeyId, sts.bob.secretAccessKey);
    sts.clock.advance(-3 * 3_600_000);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

function ask(env: NodeJS.ProcessEnv, profile = "prod"): Promise<Finished> {
  return runAwsrole(["credential-process", "--profile", profile], { env });
}

/** What is said of a config, its folder left out. */
async function askWith(config: string | Buffer, profile?: string): Promise<Finished> {
  const home = createHome({ credentials: "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n" });
  writeFileSync(home.configFile, config);
  try {
    const finished = await ask(home.env, profile);
    return { ...finished, stderr: finished.stderr.replaceAll(join(home.path, ".aws", sep), "") };
  } finally {
    await home.remove();
  }
}
