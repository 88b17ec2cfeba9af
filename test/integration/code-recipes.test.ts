/** Programs that give codes, as the page on MFA has their lines: `pass otp` and oathtool themselves; ykman and op by their documented output. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { type GpgHome, makeGpgHome } from "../support/gpg-home.ts";
import { titled } from "../support/installed.ts";
import { codeProgramsSkipReason } from "../support/needed-programs.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole, runCommand } from "../support/run-awsrole.ts";

/** Bob's device's. */
const seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const page = readFileSync(join(import.meta.dirname, "../../docs/explanation/mfa.md"), "utf8");
/** The page's line for this program. */
const lineOf = (name: string): string =>
  new RegExp(`^- \`awsrole_mfa_process = (${name} .*)\`$`, "m").exec(page)?.[1] ?? "";

let aws: AwsDouble;
let home: Home;
beforeEach(async () => {
  aws = await startAwsDouble();
  aws.addRole({ arn: "arn:aws:iam::123456789012:role/example-role", requireMfa: true });
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

/** The role by a code of this command. */
function whoami(line: string, more: NodeJS.ProcessEnv = {}): Promise<Finished> {
  writeFileSync(
    home.configFile,
    `${readFileSync(home.configFile, "utf8")}awsrole_mfa_serial = ${aws.bob.mfaSerial}\nawsrole_mfa_process = ${line}\n`,
  );
  const env = { ...home.env, AWSROLE_STORE: "none", ...more };
  return runAwsrole(["whoami", "prod", "--no-input"], { env });
}
const accepted = (): unknown => aws.callsOf("GetSessionToken").map(({ status }) => status);

const noPrograms = codeProgramsSkipReason();
describe.skipIf(noPrograms !== undefined)(titled("codes by another program", noPrograms), () => {
  it("pass otp, from a password store with real gpg", async () => {
    const gpg: GpgHome = makeGpgHome();
    try {
      home = createRoleHome(aws);
      const line = lineOf("pass");
      const entry = line.split(" ").at(-1) ?? "";
      const url = `otpauth://totp/AWS:bob?secret=${seed}&issuer=AWS`;
      const added = await runCommand(["pass", "otp", "insert", "--force", entry], {
        env: gpg.env,
        stdin: `${url}\n`,
      });
      expect(added.code, added.stderr).toBe(0);
      const { GNUPGHOME, PASSWORD_STORE_DIR } = gpg.env;
      const { code, stderr } = await whoami(line, { GNUPGHOME, PASSWORD_STORE_DIR });
      expect(code, stderr).toBe(0);
      expect(accepted()).toEqual([200]);
    } finally {
      gpg.stopAgent();
      gpg.remove();
    }
  });

  it("oathtool, with the seed in a file", async () => {
    home = createRoleHome(aws);
    const file = join(home.path, "seed");
    writeFileSync(file, `${seed}\n`, { mode: 0o600 });
    const line = lineOf("oathtool").replace("/run/user/1000/seed", file);
    const { code, stderr } = await whoami(line);
    expect(code, stderr).toBe(0);
    expect(accepted()).toEqual([200]);
  });
});

describe("codes by programs that are not here", () => {
  it("are listed as not run, each with its page", () => {
    const { programs } = JSON.parse(
      readFileSync(join(import.meta.dirname, "../../docs/not-run.json"), "utf8"),
    ) as { programs: readonly { program: string; page: string; why: string }[] };
    expect(programs.map(({ program }) => program)).toEqual(expect.arrayContaining(["ykman", "op"]));
    for (const { program, page: name, why } of programs) {
      const text = readFileSync(join(import.meta.dirname, "../..", name), "utf8");
      expect(text.toLowerCase(), name).toContain(program);
      expect(why).toMatch(/^\w/);
    }
    home = createRoleHome(aws);
  });

  // ykman's manual: --single prints the code only; 1Password's: `--otp` prints the one-time password.
  it.each(["ykman", "op"])("%s: its documented output, for the page's own words", async (name) => {
    home = createRoleHome(aws);
    const line = lineOf(name);
    const bin = join(home.path, "bin");
    mkdirSync(bin);
    const words = line.split(" ").slice(1).join(" ");
    writeFileSync(
      join(bin, name),
      `#!/bin/sh\n[ "$*" = '${words}' ] || exit 2\necho ${aws.currentCode(aws.bob)}\n`,
      { mode: 0o755 },
    );
    const { code, stderr } = await whoami(line, { PATH: `${bin}:${process.env["PATH"]}` });
    expect(code, stderr).toBe(0);
    expect(accepted()).toEqual([200]);
  });
});
