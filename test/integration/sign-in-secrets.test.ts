/** Tokens of a sign-in, refresh tokens and client secrets are in no output, command line, log, row or error: every secret of the double begins with `planted-`. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { createSsoHome, ssoConfig, type SsoHome } from "../support/sso-home.ts";

let aws: AwsDouble;
let home: SsoHome;
const commandLines = new Set<string>();
let watch: NodeJS.Timeout | undefined;

beforeEach(async () => {
  aws = await startAwsDouble();
  home = createSsoHome(
    aws,
    ssoConfig.replaceAll(/^sso_(?=session|account|role)/gm, "awsrole_sso_"),
  );
  aws.identityCenter.settings.deviceIntervalSeconds = 1;
  watch = setInterval(noteCommandLines, 15);
});
afterEach(async () => {
  clearInterval(watch);
  await aws.close();
  await home.remove();
});

function noteCommandLines(): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(home.path)) continue;
      commandLines.add(readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " "));
    } catch {
      // It has ended.
    }
  }
}

/** Every file below the home but those where tokens belong. */
function otherFiles(): readonly string[] {
  return readdirSync(home.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !/^(?:\.aws\/sso\/cache|state\/awsrole\/plaintext)\//.test(relative(home.path, file)),
    );
}

function expectCleanFiles(): void {
  const files = otherFiles();
  expect(files.some((file) => file.endsWith("deliveries.jsonl"))).toBe(true);
  expect(files.some((file) => file.includes("/items/"))).toBe(true);
  for (const file of files) expect(readFileSync(file, "utf8"), file).not.toContain("planted-");
}

it.skipIf(process.platform !== "linux")(
  "tokens are in no output, command line, log or row (elsewhere than on Linux command lines cannot be read)",
  async () => {
    const browser = join(home.path, "xdg-open");
    const visit = `${process.execPath} -e 'fetch(process.argv[1]).then(r=>r.text())' "$1"`;
    writeFileSync(browser, `#!/bin/sh\n${visit}\n`);
    chmodSync(browser, 0o755);
    const env = {
      AWSROLE_LOG: "on",
      BROWSER: browser,
      PATH: `${home.path}:${process.env["PATH"]}`,
      DISPLAY: ":0",
      XDG_DATA_DIRS: join(home.path, "no-applications"),
      XDG_DATA_HOME: join(home.path, "no-applications"),
    };
    const printed: string[] = [];
    const run = async (...words: string[]): Promise<number | null> => {
      const finished = await home.run([...words, "--store", "plaintext"], { env });
      printed.push(finished.stdout + finished.stderr);
      return finished.code;
    };
    const failed = async (...words: string[]): Promise<void> =>
      expect(await run(...words)).not.toBe(0);
    aws.identityCenter.settings.accessTokenSeconds = 200;
    expect(await run("login", "corp", "--debug")).toBe(0);
    const byCode = run("login", "corp", "--use-device-code");
    await vi.waitFor(() => {
      const [code] = aws.identityCenter.pendingUserCodes();
      if (code === undefined) throw new Error("no code yet");
      aws.identityCenter.decideDevice(code);
    }, 20_000);
    expect(await byCode).toBe(0);
    expect(await run("whoami", "reader", "--debug")).toBe(0);
    for (const words of ["list", "explain reader --verbose", "doctor reader", "config reader"])
      await run(...words.split(" "));
    aws.behave({ only: ["GetRoleCredentials"], deny: "no" });
    await failed("whoami", "reader", "--force-refresh", "--debug");
    aws.behave({ only: ["CreateToken"], serverError: 503 });
    await run("whoami", "reader", "--force-refresh", "--debug");
    aws.behave({});
    aws.identityCenter.endSessions();
    await failed("whoami", "reader", "--force-refresh", "--debug");
    await run("log");
    await run("log", "--last");
    // The sign-out takes the rows along.
    expectCleanFiles();
    await run("logout", "corp", "--debug");
    expect(printed.join("\n")).toContain("reader");
    expect(aws.callsOf("CreateToken").length).toBeGreaterThan(3);
    expect([...commandLines].join("\n")).toMatch(/login corp[^]*authorize\?/);
    for (const text of [...printed, ...commandLines]) expect(text).not.toContain("planted-");
  },
);
