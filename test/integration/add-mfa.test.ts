/** `add-mfa`: codes are computed from a seed that is kept, each once, whichever process needs one. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, program, runCommand } from "../support/run-awsrole.ts";
import { storeKeyIn } from "../support/store-key.ts";

const seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const url = `otpauth://totp/Amazon%20Web%20Services:Bob?secret=${seed}&issuer=Amazon%20Web%20Services`;

let aws: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  aws = await startAwsDouble();
  for (const name of ["one", "two"])
    aws.addRole({ arn: `arn:aws:iam::123456789012:role/${name}`, requireMfa: true });
  home = createRoleHome(aws, {
    config: ["one", "two"]
      .map(
        (name) =>
          `[profile ${name}]\nawsrole_role_arn = arn:aws:iam::123456789012:role/${name}\nawsrole_source_profile = bob\nawsrole_mfa_serial = ${aws.bob.mfaSerial}\nawsrole_duration_seconds = 7200\n`,
      )
      .join(""),
  });
  env = { ...home.env, ...storeKeyIn(home.path), AWSROLE_STORE: "file" };
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const run = (words: readonly string[], stdin = ""): Promise<Finished> =>
  runCommand([...program, ...words], { env, stdin });
const stored = (): string[] => readdirSync(join(home.path, "state", "awsrole", "items"));

describe("add-mfa", () => {
  it("keeps the seed in the store, in no file of AWS's, and codes need no person from then on, until it is removed", async () => {
    const added = await run(["add-mfa", "one"], `${url}\n`);
    expect(added).toMatchObject({ code: 0 });
    expect(added.stderr).toContain("has both factors");
    expect(added.stdout + added.stderr).not.toContain(seed);
    const config = readFileSync(home.configFile, "utf8");
    expect(config).toContain("\nawsrole_mfa_seed = stored\n");
    expect(config).not.toContain(seed);
    expect(await run(["whoami", "one", "--no-input"])).toMatchObject({ code: 0 });
    expect(aws.callsOf("AssumeRole").at(-1)).toMatchObject({
      status: 200,
      input: { SerialNumber: aws.bob.mfaSerial, TokenCode: expect.stringMatching(/^\d{6}$/) },
    });
    await run(["logout", "--all"]);
    expect(stored().filter((name) => name.startsWith("seed"))).toHaveLength(1);
    const removed = await run(["add-mfa", "one", "--remove"]);
    expect(removed.stdout).toContain(`the seed of ${aws.bob.mfaSerial} is deleted`);
    expect(stored().filter((name) => name.startsWith("seed"))).toEqual([]);
    expect(await run(["whoami", "one", "--no-input"])).toMatchObject({ code: 3 });
  });

  it("gives AWS each code once, though two processes need one in the same 30 s", async () => {
    expect(await run(["add-mfa", "one"], seed)).toMatchObject({ code: 0 });
    expect(await run(["add-mfa", "two"], seed)).toMatchObject({ code: 0 });
    const both = await Promise.all([
      run(["whoami", "one", "--no-input"]),
      run(["whoami", "two", "--no-input"]),
    ]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const codes = aws
      .callsOf("AssumeRole")
      .map(({ input, status }) => [input["TokenCode"], status]);
    expect(new Set(codes.map(([code]) => code)).size).toBe(2);
    expect(codes.map(([, status]) => status)).toEqual([200, 200]);
  });

  it("refuses a file store that has the access key too, unless --yes", async () => {
    const pair = `${aws.bob.accessKeyId}\n${aws.bob.secretAccessKey}\n`;
    expect(await run(["add-key", "keyed"], pair)).toMatchObject({ code: 0 });
    const config = readFileSync(home.configFile, "utf8");
    writeFileSync(
      home.configFile,
      config.replace(
        "[profile keyed]\n",
        `[profile keyed]\nawsrole_mfa_serial = ${aws.bob.mfaSerial}\n`,
      ),
    );
    const refused = await run(["add-mfa", "keyed"], seed);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toBe(
      `awsrole: the seed would be in the file store beside the access key ${aws.bob.accessKeyId}: its passphrase alone would give both factors\n` +
        "awsrole: hint: --store keychain keeps it elsewhere; --yes keeps it there all the same\n",
    );
    expect(readFileSync(home.configFile, "utf8")).not.toContain("mfa_seed");
    expect(await run(["add-mfa", "keyed", "--yes"], seed)).toMatchObject({ code: 0 });
    expect(await run(["whoami", "keyed", "--no-input"])).toMatchObject({ code: 0 });
    const weaker = await run(["store", "move", "plaintext"]);
    expect(weaker.code).toBe(1);
  });

  it("refuses the access key, too, that comes to the seed's file store by add-key or store move, unless --yes", async () => {
    const joined =
      "awsrole: an access key and the seed of an MFA device would be in the file store: its passphrase alone would give both factors\n" +
      "awsrole: hint: keep one of them in another store (--store keychain); --yes keeps both there all the same\n";
    const pair = `${aws.bob.accessKeyId}\n${aws.bob.secretAccessKey}\n`;
    expect(await run(["add-mfa", "one"], seed)).toMatchObject({ code: 0 });
    const added = await run(["add-key", "keyed"], pair);
    expect(added).toMatchObject({ code: 1, stdout: "", stderr: joined });
    expect(await run(["add-key", "keyed", "--yes"], pair)).toMatchObject({ code: 0 });
    const items = join(home.path, "state", "awsrole", "items");
    const row = join(items, stored().find((name) => name.startsWith("key")) ?? "");
    writeFileSync(row, readFileSync(row, "utf8").replace('"file"', '"keychain"'));
    const moved = await run(["store", "move", "file"]);
    expect(moved).toMatchObject({ code: 1, stdout: "", stderr: joined });
  });

  it.each([
    [["add-mfa"], "", 2, "add-mfa: missing required argument NAME"],
    [["add-mfa", "prod"], seed, 1, "profile prod has no MFA device of its own"],
    [["add-mfa", "one"], "", 2, "there is no seed on standard input, and "],
    [["add-mfa", "one"], "123456", 2, "that is a code, not the seed"],
    [["add-mfa", "one"], url.replace("totp", "hotp"), 2, "a device of another kind (hotp)"],
    [["add-mfa", "one", "--store", "plaintext"], seed, 1, "temporary credentials only"],
    [["add-mfa", "one", "--store", "none"], seed, 1, "the store none stores nothing"],
  ] as const)("refuses %j with %j", async (words, stdin, code, message) => {
    const refused = await run([...words, "--no-input"], stdin);
    expect(refused).toMatchObject({ code, stdout: "" });
    expect(refused.stderr).toContain(message);
    expect(refused.stderr).not.toContain(seed);
    expect(readFileSync(home.configFile, "utf8")).not.toContain("mfa_seed");
  });
});
