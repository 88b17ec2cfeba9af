/** What the program takes from its surroundings by itself, and what it must not. */
import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import { createHome, type Home, runAwsrole, notNode } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

let sts: AwsDouble;
let home: Home;
beforeAll(async () => {
  sts = await startAwsDouble();
  home = createHome({
    config:
      "[profile prod]\nregion = eu-west-1\nawsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = bob\n",
    credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
  });
});
afterAll(async () => {
  await sts.close();
  await home.remove();
});

const ask = (more: NodeJS.ProcessEnv, cwd = home.path) =>
  runAwsrole(["credential-process", "--profile", "prod"], {
    env: { ...home.env, AWS_ENDPOINT_URL_STS: sts.url, AWSROLE_STORE: "none", ...more },
    cwd,
  });

it("names the session after the OS's user, whatever USER says", async () => {
  for (const USER of [undefined, "somebody-else"])
    expect(await ask({ USER })).toMatchObject({ code: 0, stderr: "" });
  const names = sts.callsOf("AssumeRole").map(({ params }) => params["RoleSessionName"]);
  expect(names).toEqual([userInfo().username, userInfo().username]);
});

it("reads no .env and no bunfig.toml of the folder it is started in", async () => {
  writeFileSync(join(home.path, ".env"), "AWS_CONFIG_FILE=/nonexistent\nAWSROLE_STORE=bad\n");
  writeFileSync(join(home.path, "bunfig.toml"), 'preload = ["/nonexistent.js"]\n');
  expect(await ask({})).toMatchObject({ code: 0, stderr: "" });
});

it.skipIf(notNode !== undefined)(
  titled("needs no home folder where everything is named", notNode),
  async () => {
    const preload = join(home.path, "no-home.cjs");
    writeFileSync(
      preload,
      'require("node:os").homedir = () => { throw new Error("no home"); };\nrequire("node:module").syncBuiltinESMExports();\n',
    );
    const env = {
      HOME: undefined,
      USERPROFILE: undefined,
      AWS_CONFIG_FILE: home.configFile,
      AWS_SHARED_CREDENTIALS_FILE: home.credentialsFile,
      NODE_OPTIONS: `--require ${preload}`,
    };
    expect(await ask(env)).toMatchObject({ code: 0, stderr: "" });
  },
);

const isNode = notNode === undefined ? "node does: doctor says so" : undefined;
it.skipIf(isNode !== undefined)(titled("heeds no NODE_OPTIONS", isNode), async () => {
  expect(await ask({ NODE_OPTIONS: "--require /nonexistent.js" })).toMatchObject({
    code: 0,
    stderr: "",
  });
});
