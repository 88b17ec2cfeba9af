/** `awsrole log --last`: what an SDK did not show, kept whether or not the log is on. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { createHome, type Home } from "../support/run-awsrole.ts";
import { runInProcess } from "../support/run-in-process.ts";

const config = [
  "[profile prod]",
  "awsrole_role_arn = arn:aws:iam::123456789012:role/x",
  "awsrole_credential_source = Environment",
  "[profile other]",
  "credential_process = /bin/false planted-secret",
  "",
].join("\n");

let home: Home | undefined;
afterEach(async () => home?.remove());

function open(): NodeJS.ProcessEnv {
  home = createHome({ config });
  return { ...home.env, AWSROLE_STORE: "none" };
}

const ask = (env: NodeJS.ProcessEnv, profile: string) =>
  runInProcess(["credential-process", "--profile", profile], env);
const last = async (env: NodeJS.ProcessEnv, ...words: readonly string[]) =>
  (
    JSON.parse((await runInProcess(["log", "--last", "--json", ...words], env)).stdout) as {
      last?: Record<string, string>;
    }
  ).last;

it("has the reason that the program was given", async () => {
  const env = open();
  expect(await last(env)).toBeUndefined();
  const { stderr, code } = await ask(env, "prod");
  expect(code).toBe(1);
  const found = await last(env);
  expect(found).toMatchObject({
    profile: "prod",
    code: "ERR_SOURCE_UNAVAILABLE",
    message: "profile prod: the environment has no AWS keys",
  });
  expect(stderr).toContain(`awsrole: ${found?.["message"]}\n`);
  expect(stderr).toContain(`hint: ${found?.["hint"]}\n`);
  const { stdout } = await runInProcess(["log", "--last"], env);
  expect(stdout).toMatch(
    /^prod failed at \d\d:\d\d, just now.*\n  profile prod: .*\(ERR_SOURCE_UNAVAILABLE\)\n  hint: .*\n$/,
  );
  expect((await runInProcess(["log", "--last", "other"], env)).stderr).toContain(
    "no failure of other is on record",
  );
});

it.each([
  ["nope", "ERR_PROFILE_NOT_FOUND"],
  ["other", "ERR_PROCESS_FAILED"],
])("has the failure of %s, before anything is fetched or while it is", async (profile, code) => {
  const env = open();
  await ask(env, "prod");
  await ask(env, profile);
  expect(await last(env)).toMatchObject({ profile, code });
});

it("has that of a line that is no command, and of a config that cannot be read", async () => {
  const env = open();
  await runInProcess(["credential-process", "--profile", "prod", "--nonsense"], env);
  expect(await last(env)).toMatchObject({ code: "ERR_USAGE" });
  writeFileSync(home?.configFile ?? "", "region = x\n");
  await ask(env, "prod");
  expect(await last(env)).toMatchObject({ profile: "prod", code: "ERR_CONFIG_SYNTAX" });
});

it("is one small private file without a secret, whatever happens how often", async () => {
  const env = open();
  for (let round = 0; round < 5; round += 1) await ask(env, "other");
  const state = join(home?.path ?? "", "state", "awsrole");
  const file = join(state, "last-failure.json");
  expect(statSync(file).size).toBeLessThan(8192);
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain("planted-secret");
  expect(readdirSync(state).filter((name) => name.startsWith("last-failure"))).toHaveLength(1);
});
