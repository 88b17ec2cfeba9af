/** The main job without a keychain, as in a container: no D-Bus, no runtime folder, a home and nothing else; by each of the other stores. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { storeKeyIn } from "../support/store-key.ts";

const arn = "arn:aws:sts::123456789012:assumed-role/example-role/AWSCLI-Session";
const noAwsCli = missing("aws");

describe.each(["file", "plaintext", "none"] as const)("by the store %s", (store) => {
  /** Calls that a second run makes: none where something is kept. */
  const again = store === "none" ? 1 : 0;
  let sts: AwsDouble;
  let home: Home;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    sts = await startAwsDouble();
    home = createRoleHome(sts);
    env = {
      PATH: home.env["PATH"],
      HOME: home.path,
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWSROLE_STORE: store,
      ...(store === "file" ? storeKeyIn(home.path) : {}),
    };
  });
  afterAll(async () => {
    await sts.close();
    await home.remove();
  });

  /** One run, and how many AssumeRole calls it made. */
  async function run(words: string, seconds = 0): Promise<Finished & { calls: number }> {
    const before = sts.callsOf("AssumeRole").length;
    const clockOffsetSeconds = { wall: seconds, uptime: seconds };
    const finished = await runAwsrole(words.split(" "), { env, clockOffsetSeconds });
    return { ...finished, calls: sts.callsOf("AssumeRole").length - before };
  }
  const ask = "credential-process --profile prod";

  it("gives the role, once per session where something is kept", async () => {
    expect(await run(ask)).toMatchObject({ code: 0, stderr: "", calls: 1 });
    expect(await run(ask)).toMatchObject({ code: 0, stderr: "", calls: again });
    expect(await run(`${ask} --force-refresh`)).toMatchObject({ code: 0, calls: 1 });
  });

  it.skipIf(noAwsCli !== undefined)(titled("gives it to the AWS CLI", noAwsCli), async () => {
    const { stdout, stderr } = await runCommand(
      [
        "aws",
        "sts",
        "get-caller-identity",
        "--query",
        "Arn",
        "--output",
        "text",
        "--profile",
        "prod",
      ],
      { env },
    );
    expect({ stdout, stderr }).toEqual({ stdout: `${arn}\n`, stderr: "" });
  });

  it("renews it in time, and never answers a changed profile from the old session", async () => {
    sts.clock.advance(3_000_000);
    expect(await run(ask, 3000)).toMatchObject({ code: 0, calls: 1 });
    expect(await run(ask, 3000)).toMatchObject({ code: 0, calls: again });
    sts.clock.advance(-3_000_000);
    const config = readFileSync(home.configFile, "utf8");
    writeFileSync(home.configFile, `${config}\nawsrole_duration_seconds = 1800\n`);
    expect(await run(ask)).toMatchObject({ code: 0, calls: 1 });
    writeFileSync(home.configFile, config);
  });

  it("says who it is, and that nobody else could read what is kept", async () => {
    const { code, stdout } = await run("whoami prod --json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ arn, profile: "prod" });
    for (const name of readdirSync(home.path, { recursive: true, encoding: "utf8" })) {
      const stat = statSync(join(home.path, name), { throwIfNoEntry: false });
      const isState = name.startsWith(".local/state/awsrole");
      if (isState) expect((stat?.mode ?? 0) & 0o077, name).toBe(0);
    }
  });

  it("forgets it at logout", async () => {
    expect(await run("logout --all")).toMatchObject({ code: 0 });
    expect(await run(ask)).toMatchObject({ code: 0, calls: 1 });
  });

  it("keeps a key in the encrypted file only", async () => {
    const { accessKeyId, secretAccessKey } = sts.bob;
    const { code, stderr } = await runAwsrole(["add-key", "kept", "--quiet"], {
      env,
      stdin: `${accessKeyId}\n${secretAccessKey}\n`,
    });
    expect(code, stderr).toBe(store === "file" ? 0 : 1);
  });
});
