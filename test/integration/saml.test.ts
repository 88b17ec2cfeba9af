/** `awsrole_saml_process`, from the config to AssumeRoleWithSAML, with an identity provider that is a script. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSamlResponse, encodeSaml } from "../support/aws-double/saml.ts";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { titled } from "../support/installed.ts";
import { createHome, type Home, program, runAwsrole } from "../support/run-awsrole.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

const arn = "arn:aws:iam::123456789012:role/Admin";
const other = "arn:aws:iam::123456789012:role/Reader";
const provider = "arn:aws:iam::123456789012:saml-provider/okta";
const issuer = "https://idp.example.com/saml";
const isWindows = process.platform === "win32";

let aws: AwsDouble;
let home: Home;
let calls: string;

beforeEach(async () => {
  aws = await startAwsDouble();
  aws.addRole({ arn, samlProvider: { arn: provider, issuer }, maxSessionDuration: 7200 });
  home = createHome();
  calls = join(home.path, "calls");
  writeFileSync(calls, "");
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const assertionOf = (more: Partial<Parameters<typeof createSamlResponse>[0]> = {}): string =>
  createSamlResponse({
    roles: [`${other},${provider}`, `${arn},${provider}`],
    issuedAt: new Date(),
    ...more,
  });

/** A sign-in program that prints this, and counts. Its argument is a password, as people write them. */
function configure(output: string, { lines = "", script = "" } = {}): void {
  const file = join(home.path, "response");
  writeFileSync(file, output);
  const idp = join(home.path, "idp");
  writeFileSync(
    idp,
    script === "" ? `#!/bin/sh\necho call >> ${calls}\nsleep 0.3\ncat ${file}\n` : script,
  );
  chmodSync(idp, 0o755);
  writeFileSync(
    home.configFile,
    `[profile adm]\ncredential_process = /usr/bin/awsrole credential-process --profile adm\nregion = eu-west-1\nawsrole_role_arn = ${arn}\nawsrole_saml_process = ${idp} --password hunter2-secret\n${lines}`,
    { mode: 0o600 },
  );
}
const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runAwsrole(words, { env: { ...home.env, ...aws.env, AWSROLE_STORE: "plaintext", ...env } });
const get = (...more: string[]) => run(["credential-process", "--profile", "adm", ...more]);
const actions = () => aws.requests.map(({ action }) => action);
const countOfCalls = () => readFileSync(calls, "utf8").split("\n").length - 1;

describe.skipIf(isWindows)("a SAML profile (on Windows the program cannot be a script)", () => {
  it("gives credentials of the role, with the provider that the assertion names; the second time from the cache", async () => {
    configure(assertionOf(), { lines: "awsrole_duration_seconds = 7200\n" });
    const first = await get();
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(first.stdout)).toMatchObject({ Version: 1, AccountId: "123456789012" });
    const [request] = aws.callsOf("AssumeRoleWithSAML");
    expect(request?.accessKeyId).toBeUndefined();
    expect(request?.params).toMatchObject({
      RoleArn: arn,
      PrincipalArn: provider,
      DurationSeconds: "7200",
    });
    expect((await get()).stdout).toBe(first.stdout);
    expect(actions()).toEqual(["AssumeRoleWithSAML"]);
    expect((await run(["whoami", "adm"])).stdout).toContain("assumed-role/Admin/jane@example.com");
    // Renewed as any other: the program runs again.
    expect(await get("--force-refresh")).toMatchObject({ code: 0 });
    expect(countOfCalls()).toBe(2);
  });

  it("eight programs at once: the identity provider is asked once, and so is AWS", async () => {
    configure(assertionOf());
    const all = await Promise.all(Array.from({ length: 8 }, () => get()));
    expect(new Set(all.map(({ code, stderr }) => `${code}${stderr}`))).toEqual(new Set(["0"]));
    expect([countOfCalls(), actions()]).toEqual([1, ["AssumeRoleWithSAML"]]);
  });

  it("is the source of another role, and neither password nor assertion is in a row, a log or an output", async () => {
    const assertion = assertionOf();
    aws.addRole({ arn: "arn:aws:iam::123456789012:role/next", trustedPrincipalArns: [arn] });
    configure(assertion, {
      lines: `[profile next]\nrole_arn = arn:aws:iam::123456789012:role/next\nsource_profile = adm\n`,
    });
    const outputs = [
      await run(["whoami", "next"], { AWSROLE_LOG: "on" }),
      await run(["explain", "adm"]),
      await run(["explain", "adm", "--json"]),
      await run(["list"]),
      await run(["config", "adm"]),
      await run(["doctor", "adm"]),
      await run(["log"]),
    ].map(({ stdout, stderr }) => stdout + stderr);
    expect(outputs[0]).toContain("assumed-role/next");
    expect(outputs[2]).toContain('"action": "AssumeRoleWithSAML"');
    expect(outputs[1]).toContain("the SAML assertion that awsrole_saml_process");
    expect(outputs[3]).toMatch(/adm .*\(SAML\)/);
    expect(outputs[6]).toContain("next");
    const state = join(home.path, "state/awsrole");
    const kept = readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
    expect(kept.length).toBeGreaterThan(1);
    for (const text of [...outputs, ...kept]) {
      expect(text).not.toContain("hunter2-secret");
      expect(text).not.toContain(assertion.slice(0, 60));
    }
  });

  const withoutRole = encodeSaml("<saml2:Assertion></saml2:Assertion>");
  const refused = encodeSaml(
    `<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/></saml2p:Status>`,
  );
  it.each([
    ["nothing", "", /it printed nothing/],
    ["a message", "Password:", /its output is not a SAML response in base64/],
    ["no Role attribute", withoutRole, /the SAML response has no role for AWS/],
    ["a refusal", refused, /the identity provider refused to sign in: Responder/],
    ["far too much", "A".repeat(120_000), /it prints more than a SAML response/],
    [
      "another role only",
      assertionOf({ roles: [`${provider},${other}`] }),
      /the SAML response does not offer \S+Admin, only \S+role\/Reader\nawsrole: hint: choose one of them/,
    ],
  ])("a program that prints %s: exit 1, and AWS is not asked", async (_what, output, message) => {
    configure(output);
    const finished = await get();
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toMatch(message);
    expect(finished.stderr).not.toContain("hunter2");
    expect(actions()).toEqual([]);
  });

  it.each([
    ["fails", "#!/bin/sh\necho hunter2-secret >&2; exit 7\n", /it failed \(exit code 7\)/],
    ["is ended, as by a closed window", "#!/bin/sh\nkill -TERM $$\n", /it failed \(SIGTERM\)/],
    ["cannot be started", "#!/nonexistent/interpreter\n", /it cannot be started/],
  ])("a program that %s: exit 1, nothing of its output", async (_what, script, message) => {
    configure("", { script });
    const finished = await get();
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toMatch(message);
    expect(finished.stderr).not.toContain("hunter2");
  });

  it("AWS's own words about an old assertion, another issuer, a missing session name, and a role that does not trust it", async () => {
    const rows: [string, RegExp][] = [
      [
        assertionOf({ issuedAt: new Date(Date.now() - 6 * 60_000) }),
        /Token must be redeemed within 5 minutes of issuance\nawsrole: hint: AWS accepts an assertion for five minutes/,
      ],
      [assertionOf({ issuer: "https://evil.example" }), /Issuer not present in specified provider/],
      [assertionOf({ sessionName: "" }), /RoleSessionName in AuthnResponse must match/],
      [
        assertionOf({ roles: [`${arn},${provider}-2`] }),
        /Not authorized to perform sts:AssumeRoleWithSAML\nawsrole: hint: check that the role's trust policy/,
      ],
    ];
    for (const [output, message] of rows) {
      configure(output);
      const finished = await get();
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toMatch(message);
      expect(finished.stderr).not.toContain(output.slice(0, 60));
    }
    configure(assertionOf(), { lines: "awsrole_duration_seconds = 10800\n" });
    expect((await get()).stderr).toContain("exceeds the MaxSessionDuration");
  });

  it("the script of docs/how-to/saml.md gives what saml2aws left in its cache file, and keeps nothing", async () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/how-to/saml.md"), "utf8");
    const script = /^```bash\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
    const run = join(home.path, "run");
    // What it does with these words: pkg/samlcache writes the response to that file as it came.
    writeFileSync(
      join(home.path, "saml2aws"),
      `#!/bin/sh\n[ "$*" = "list-roles --cache-saml" ] && echo Roles && cp ${join(home.path, "response")} "$SAML2AWS_SAML_CACHE_FILE"\n`,
    );
    chmodSync(join(home.path, "saml2aws"), 0o755);
    configure(assertionOf(), { script });
    const before = readdirSync(run);
    const path = `${home.path}:${process.env["PATH"]}`;
    const finished = await runAwsrole(["whoami", "adm"], {
      env: { ...home.env, ...aws.env, AWSROLE_STORE: "none", PATH: path },
    });
    expect(finished).toMatchObject({ code: 0 });
    expect(readdirSync(run).filter((name) => name.startsWith("saml"))).toEqual([]);
    expect(before).toEqual([]);
  });

  it("doctor finds a program that others can replace, and shell syntax", async () => {
    configure(assertionOf());
    chmodSync(join(home.path, "idp"), 0o777);
    const findings = await run(["doctor", "adm"]);
    expect(findings.stdout + findings.stderr).toMatch(/idp can be written by every user/);
    writeFileSync(
      home.configFile,
      `[profile adm]\nawsrole_role_arn = ${arn}\nawsrole_saml_process = cat ~/response | base64\n`,
    );
    const found = async (): Promise<string> => (await run(["doctor", "adm", "--json"])).stdout;
    expect(await found()).toContain('"saml-process-shell"');
    configure(assertionOf());
    expect(await found()).not.toContain("saml-process-shell");
  });

  it.skipIf(process.env["AWSROLE_TEST_LONG"] === undefined)(
    "a program that never ends: exit 1 within the 18 s of a caller without a terminal",
    async () => {
      configure("", { script: "#!/bin/sh\nexec sleep 300\n" });
      const started = Date.now();
      const finished = await get();
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toContain("it did not end in time");
      expect(Date.now() - started).toBeLessThan(21_000);
    },
    40_000,
  );

  it.skipIf(noTerminal !== undefined)(
    titled("may ask the person for a password, at a terminal", noTerminal),
    async () => {
      configure(assertionOf(), {
        script: `#!/bin/sh\nprintf 'Password: ' > /dev/tty\nread answer < /dev/tty\n[ "$answer" = open ] && cat ${join(home.path, "response")}\n`,
      });
      const terminal = openTerminal({ ...home.env, ...aws.env, AWSROLE_STORE: "plaintext" });
      try {
        terminal.enter(`${program.join(" ")} whoami adm; echo code-$?`);
        await terminal.waitFor(/Password:/, 25_000);
        terminal.enter("open");
        await terminal.waitFor(/code-0/, 25_000);
        expect(terminal.screen()).toContain("assumed-role/Admin/jane@example.com");
      } finally {
        terminal.close();
      }
    },
  );
});

it("add-profile writes it, release says why not, and another source beside it is refused", async () => {
  writeFileSync(home.configFile, "");
  const words = ["--role-arn", arn, "--saml-process", "/usr/local/bin/idp --user jane"];
  expect(await run(["add-profile", "adm", ...words, "--region", "eu-west-1"])).toMatchObject({
    code: 0,
  });
  expect(readFileSync(home.configFile, "utf8")).toContain(
    "awsrole_saml_process = /usr/local/bin/idp --user jane\n",
  );
  expect((await run(["release", "adm"])).stderr).toContain("is assumed with a SAML assertion");
  const both = await run(["add-profile", "b", ...words, "--source-profile", "adm"]);
  expect(both).toMatchObject({ code: 2 });
  expect(both.stderr).toContain("choose one source, not --source-profile and --saml-process");
  const tagged = await run(["exec", "adm", "--tag", "a=b", "--", "true"]);
  expect(tagged).toMatchObject({ code: 125 });
  expect(tagged.stderr).toMatch(/has both awsrole_saml_process \(.*\) and awsrole_tags/);
});
