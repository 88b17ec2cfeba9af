/**
 * What SDKs do with a profile, asked of the SDKs themselves: each row of `explain`'s table is given to botocore and the JavaScript SDK, and to the Go
 * SDK where there is one (AWSROLE_TEST_LONG=1: it is compiled first).
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { describe, expect, it } from "vitest";
import { type Consumer, consumersOf, type Outcome } from "../../src/clients/sdk-behavior.ts";
import { awsFiles } from "../support/aws-files.ts";
import { missing, titled } from "../support/installed.ts";
import { createHome } from "../support/run-awsrole.ts";

type Row = {
  readonly rule: string;
  readonly lines: readonly string[];
  readonly credentials?: string;
  /** These cannot be asked without a login at AWS. */
  readonly isNotAsked?: true;
};

const arn = "role_arn = arn:aws:iam::123456789012:role/R";
const process_ =
  'credential_process = printf \'{"Version":1,"AccessKeyId":"process","SecretAccessKey":"s"}\'';
const key = ["aws_access_key_id = KEY", "aws_secret_access_key = secret"];
const source = "source_profile = base";
const base = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = secret\n";

const rows: readonly Row[] = [
  { rule: "own-source-and-process", lines: [arn, "source_profile = p", process_] },
  { rule: "role-and-process", lines: [arn, source, process_] },
  { rule: "role-without-source-and-process", lines: [arn, process_] },
  { rule: "source-without-role-and-process", lines: [source, process_] },
  {
    rule: "credentials-file-key-and-process",
    lines: [process_],
    credentials: `[p]\n${key.join("\n")}\n`,
  },
  { rule: "key-and-process", lines: [...key, process_] },
  {
    rule: "process-and-role-settings",
    lines: [
      process_,
      "mfa_serial = arn:aws:iam::123456789012:mfa/bob",
      "external_id = x1",
      "duration_seconds = 3600",
    ],
  },
  { rule: "process-and-role-settings", lines: [process_, "role_session_name = bob"] },
  { rule: "process-and-role-settings", lines: [process_, "endpoint_url = https://127.0.0.1:1"] },
  {
    rule: "process",
    lines: [
      process_,
      "region = eu-west-1",
      "awsrole_role_arn = arn:aws:iam::123456789012:role/R",
      "awsrole_source_profile = base",
      "awsrole_mfa_serial = arn:aws:iam::123456789012:mfa/bob",
    ],
  },
  {
    rule: "role-with-mfa",
    lines: [arn, source, "mfa_serial = arn:aws:iam::123456789012:mfa/bob"],
  },
  { rule: "role", lines: [arn, source] },
  { rule: "web-identity", lines: [arn, "web_identity_token_file = @FOLDER@/token"] },
  {
    rule: "sso",
    lines: [
      "sso_start_url = https://example.awsapps.com/start",
      "sso_region = eu-west-1",
      "sso_account_id = 123456789012",
      "sso_role_name = reader",
    ],
    isNotAsked: true,
  },
  { rule: "login", lines: ["login_session = arn:aws:iam::1:user/bob"], isNotAsked: true },
  { rule: "key", lines: key },
  { rule: "nothing", lines: ["region = eu-west-1"] },
];

const configOf = ({ lines }: Row): string => `[profile p]\n${lines.join("\n")}\n${base}`;
const asked = rows.filter(({ isNotAsked }) => isNotAsked !== true);
const expected = (consumer: Consumer, listed: readonly Row[]): Outcome[] =>
  listed.map((row) => consumersOf(awsFiles(configOf(row), row.credentials), "p").does[consumer]);

/** The access key that came out tells which way was gone. */
function outcomeOf(accessKey: string): Outcome {
  if (accessKey === "process") return "process";
  if (accessKey === "KEY") return "key";
  if (accessKey === "error") return "error";
  // Behind the profile the metadata services' turn comes.
  return /^(?:none|ecs-container|ec2-instance-metadata)$/.test(accessKey) ? "unusable" : "role";
}

function askProgram(words: readonly string[], listed: readonly Row[], cwd?: string): Outcome[] {
  const input = JSON.stringify(
    listed.map((row) => ({
      config: configOf(row),
      credentials: row.credentials ?? "",
      profile: "p",
      env: { AWS_EC2_METADATA_DISABLED: "true" },
    })),
  );
  const { stdout, stderr } = spawnSync(words[0] ?? "", words.slice(1), {
    input,
    cwd,
    encoding: "utf8",
    env: {
      ...Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !name.startsWith("AWS")),
      ),
      AWS_EC2_METADATA_DISABLED: "true",
    },
  });
  if (stdout === "") throw new Error(stderr);
  return (JSON.parse(stdout) as string[]).map((accessKey) => outcomeOf(accessKey));
}

async function askJavaScript(row: Row): Promise<Outcome> {
  const home = createHome({
    config: configOf(row).replace("@FOLDER@/token", import.meta.filename),
    credentials: row.credentials ?? "",
  });
  const role = async () => ({ accessKeyId: "ROLE", secretAccessKey: "s" });
  try {
    const { accessKeyId } = await fromNodeProviderChain({
      profile: "p",
      filepath: home.credentialsFile,
      configFilepath: home.configFile,
      ignoreCache: true,
      roleAssumer: role,
      roleAssumerWithWebIdentity: role,
    })();
    return outcomeOf(accessKeyId);
  } catch (error) {
    const { message } = error as Error;
    return message.includes("from any providers") && row.rule === "nothing" ? "unusable" : "error";
  } finally {
    await home.remove();
  }
}

const noBotocore = missing("python3", ["-c", "import botocore"]);
const noGo =
  process.env["AWSROLE_TEST_LONG"] === "1"
    ? missing("go", ["version"])
    : "it is compiled with AWSROLE_TEST_LONG=1 only";

describe("what programs do with a profile", () => {
  it("is told by the rule that is meant", () => {
    const told = rows.map((row) => consumersOf(awsFiles(configOf(row), row.credentials), "p").rule);
    expect(told).toEqual(rows.map(({ rule }) => rule));
  });

  it.skipIf(noBotocore !== undefined)(
    titled("is what botocore does, on each row", noBotocore),
    () => {
      const script = fileURLToPath(new URL("../support/botocore-chain.py", import.meta.url));
      expect(askProgram(["python3", script], asked)).toEqual(expected("botocore", asked));
    },
  );

  it("is what the JavaScript SDK does, on each row", async () => {
    process.env["AWS_EC2_METADATA_DISABLED"] = "true";
    const told: Outcome[] = [];
    for (const row of asked) told.push(await askJavaScript(row));
    expect(told).toEqual(expected("js", asked));
  });

  it.skipIf(noGo !== undefined)(titled("is what the Go SDK does, on each row", noGo), () => {
    // Its fake STS signs again what the process gave, and the instance's own credentials are beyond it.
    const listed = asked.filter(({ rule }) => !["web-identity", "nothing"].includes(rule));
    const folder = fileURLToPath(new URL("../support/go-consumer", import.meta.url));
    const told = askProgram(["go", "run", "."], listed, folder);
    const wanted = expected("go", listed).map((outcome) =>
      outcome === "process-then-role" ? "role" : outcome,
    );
    expect(told).toEqual(wanted);
  });
});
