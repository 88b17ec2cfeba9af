/** Clients whose requests to the endpoint differ from what most SDKs send. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { awscrtEnv, noAwscrt } from "../support/awscrt.ts";
import { missing, titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

let sts: AwsDouble;
let home: Home;
beforeEach(async () => {
  sts = await startAwsDouble();
  home = createRoleHome(sts);
});
afterEach(async () => {
  await sts.close();
  await home.remove();
});

function runServed(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return runAwsrole(["exec", "prod", "--serve", "--", ...words], {
    env: { ...home.env, AWSROLE_STORE: "none", ...env },
  });
}

const noCrt = noAwscrt();
const noJava =
  process.env["AWSROLE_TEST_LONG"] === undefined
    ? "its libraries are fetched with AWSROLE_TEST_LONG=1 only"
    : (missing("mvn") ?? missing("java"));

describe("exec --serve", () => {
  it.skipIf(noCrt !== undefined)(
    titled("serves the AWS Common Runtime, which sends Host without the port", noCrt),
    async () => {
      const script = `
from awscrt import auth, io
loop = io.EventLoopGroup(1)
bootstrap = io.ClientBootstrap(loop, io.DefaultHostResolver(loop))
provider = auth.AwsCredentialsProvider.new_default_chain(bootstrap)
print(provider.get_credentials().result(60).access_key_id)
`;
      const { stdout, stderr, code } = await runServed(["python3", "-c", script], awscrtEnv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout.trim()).toBe(sts.sessions()[0]?.accessKeyId);
    },
  );

  it.skipIf(noJava !== undefined)(
    titled("serves the AWS SDK for Java, which comes from an IPv6 socket", noJava),
    async () => {
      const folder = fileURLToPath(new URL("../support/java-consumer", import.meta.url));
      const libraries = mkdtempSync(join(tmpdir(), "awsrole-java-"));
      try {
        const copied = await runCommand(
          [
            "mvn",
            "--quiet",
            "--batch-mode",
            `--file=${join(folder, "pom.xml")}`,
            "dependency:copy-dependencies",
            `-DoutputDirectory=${libraries}`,
          ],
          { env: process.env },
        );
        expect(copied.code, copied.stdout).toBe(0);
        const { stdout, stderr, code } = await runServed([
          "java",
          "-cp",
          join(libraries, "*"),
          join(folder, "AskCredentials.java"),
        ]);
        expect(code, stderr).toBe(0);
        expect(stdout.trim()).toBe(sts.sessions()[0]?.accessKeyId);
      } finally {
        rmSync(libraries, { recursive: true, force: true });
      }
    },
  );
});
