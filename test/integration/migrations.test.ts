/** Coming from aws-vault and granted: the pages' own commands, with the real programs and their encrypted files. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { missing, titled } from "../support/installed.ts";
import {
  type Finished,
  type Home,
  createHome,
  program,
  runCommand,
} from "../support/run-awsrole.ts";

type Pair = { readonly accessKeyId: string; readonly secretAccessKey: string };

const noVault = missing("aws-vault");
const noGranted = missing("granted");
const page = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../docs/how-to", `${name}.md`), "utf8");
/** The `sh` blocks of a page that name this program. */
const blocksOf = (name: string, word: string): string[] =>
  [...page(name).matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, body = ""]) => body)
    .filter((body) => body.includes(word));

let aws: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;
let keys: Readonly<Record<string, Pair>>;
beforeEach(async () => {
  aws = await startAwsDouble();
  keys = { bob: aws.bob, eve: aws.addUser({ name: "Eve" }) };
  const role = "arn:aws:iam::123456789012:role/example-role";
  home = createHome({
    config: `[profile bob]\nregion = eu-west-1\n\n[profile eve]\nregion = eu-west-1\n\n[profile staging]\nrole_arn = ${role}\nsource_profile = bob\n`,
    credentials: "",
  });
  const bin = join(home.path, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "awsrole"), `#!/bin/sh\nexec ${program.join(" ")} "$@"\n`, {
    mode: 0o755,
  });
  const passphrase = join(home.path, "passphrase");
  writeFileSync(passphrase, "a passphrase for tests", { mode: 0o600 });
  env = {
    ...home.env,
    PATH: `${bin}:${process.env["PATH"]}`,
    AWS_ENDPOINT_URL_STS: aws.url,
    AWSROLE_STORE: "file",
    AWSROLE_PASSPHRASE_FILE: passphrase,
    AWS_VAULT_BACKEND: "file",
    AWS_VAULT_FILE_PASSPHRASE: "another passphrase",
    CF_KEYRING_FILE_PASSWORD: "another passphrase",
  };
  for (const folder of [".granted", ".dgranted"]) {
    mkdirSync(join(home.path, folder), { mode: 0o700 });
    writeFileSync(join(home.path, folder, "config"), '[Keyring]\nBackend = "file"\n');
  }
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const run = (words: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  runCommand(words, { env: { ...env, ...more } });
/** Runs a block of a page as bash does, and expects it to end well. */
async function follow(block: string): Promise<Finished> {
  const finished = await run(["bash", "-eo", "pipefail", "-c", block]);
  expect(finished.code, finished.stderr).toBe(0);
  return finished;
}
const withKey = (name: string): NodeJS.ProcessEnv => ({
  AWS_ACCESS_KEY_ID: keys[name]?.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys[name]?.secretAccessKey,
});

/** No file of the home holds a secret access key; and the role works by the key that came along. */
async function expectMoved(...names: readonly string[]): Promise<void> {
  const files = readdirSync(home.path, { recursive: true, withFileTypes: true });
  for (const entry of files.filter((one) => one.isFile())) {
    const text = readFileSync(join(entry.parentPath, entry.name), "latin1");
    for (const { secretAccessKey } of Object.values(keys))
      expect(text).not.toContain(secretAccessKey);
  }
  const config = readFileSync(home.configFile, "utf8");
  for (const name of names)
    expect(config).toContain(`awsrole_access_key_id = ${keys[name]?.accessKeyId}`);
  await follow("awsrole adopt staging && awsrole whoami staging");
  expect(aws.callsOf("AssumeRole").at(-1)).toMatchObject({ status: 200 });
}

describe.skipIf(noVault !== undefined)(titled("from aws-vault", noVault), () => {
  beforeEach(async () => {
    for (const name of Object.keys(keys))
      expect(await run(["aws-vault", "add", "--env", name], withKey(name))).toMatchObject({
        code: 0,
      });
  });

  it("one key comes along by exec, without a file", async () => {
    const [block = ""] = blocksOf("from-aws-vault", "aws-vault exec");
    const { stdout } = await follow(block);
    expect(stdout).toContain("in the file store");
    await expectMoved("bob");
  });

  it("all keys come along by export, one after the other, without a file", async () => {
    const [block = ""] = blocksOf("from-aws-vault", "aws-vault list");
    await follow(block);
    await expectMoved("bob", "eve");
  });
});

describe.skipIf(noGranted !== undefined)(titled("from granted", noGranted), () => {
  beforeEach(async () => {
    const config = readFileSync(home.configFile, "utf8");
    writeFileSync(home.configFile, config.slice(config.indexOf("[profile staging]")));
    const { accessKeyId = "", secretAccessKey = "" } = keys["bob"] ?? {};
    writeFileSync(
      home.credentialsFile,
      `[bob]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      { mode: 0o600 },
    );
    // Not import-from-env, which leaves the key in that file (0.38).
    const imported = await run(["granted", "credentials", "import", "bob"]);
    expect(imported.code, imported.stderr).toBe(0);
    expect(readFileSync(home.configFile, "utf8")).toContain("granted credential-process");
  });

  it("a key comes along through a variable of the shell, without a file", async () => {
    const [block = ""] = blocksOf("from-granted", "granted credential-process");
    await follow(block);
    await expectMoved("bob");
  });
});
