/** Clients whose requests to the endpoint differ from what most SDKs send. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noPython, pythonEnv } from "../support/python-packages.ts";
import { missing, titled } from "../support/installed.ts";
import { noOtherUser } from "../support/other-user.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { startServe } from "../support/serve-process.ts";
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

const noCrt = noPython("awscrt");
const noJava =
  process.env["AWSROLE_TEST_LONG"] === undefined
    ? "its libraries are fetched with AWSROLE_TEST_LONG=1 only"
    : (missing("mvn") ?? missing("java"));

const noContainer =
  noOtherUser ?? missing("socat", ["-V"]) ?? missing("python3", ["-c", "import boto3"]);

describe("serve", () => {
  it.skipIf(noContainer !== undefined)(
    titled("reaches a container's own network by a Unix socket, as the docs have it", noContainer),
    async () => {
      const endpoint = await startServe(home, ["prod"]);
      const socket = join(home.path, "awsrole.sock");
      const { port } = new URL(endpoint.url);
      // The inner shell has a network of its own: its 127.0.0.1 is not the endpoint's.
      const script = `
        socat UNIX-LISTEN:${socket},fork,mode=600 TCP:127.0.0.1:${port} & outer=$!
        unshare --net sh -c '
          ip link set lo up
          socat -u OPEN:/dev/null TCP:127.0.0.1:${port} 2> /dev/null || echo unreachable
          socat TCP-LISTEN:${port},bind=127.0.0.1,fork UNIX-CONNECT:${socket} & inner=$!
          sleep 1
          python3 -c "$0"
          kill $inner' "$ASK"
        kill $outer`;
      const ask = `
import boto3
print(boto3.Session().get_credentials().access_key, end="")`;
      const { stdout } = await runCommand(["sh", "-c", script], {
        env: { ...home.env, ...endpoint.variables, ASK: ask },
      });
      await endpoint.end();
      expect(stdout).toBe(`unreachable\n${sts.sessions()[0]?.accessKeyId}`);
    },
  );
});

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
      const { stdout, stderr, code } = await runServed(["python3", "-c", script], pythonEnv);
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
