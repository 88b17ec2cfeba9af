/**
 * The proof that nothing leaks: unique secrets are planted, every command is driven through success and failure with every debug switch
 * on, and then everything that can be seen is searched for them: output, files, command lines, the environments of children, and
 * what other programs see of the keychain. A new command without a line here fails the test.
 *
 * NODE_DEBUG is a test of its own: with it node itself prints request headers, and warns that it does. `doctor` reports it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { commands } from "../../src/commands/registry.ts";
import { titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import {
  createHome,
  type Finished,
  type Home,
  program,
  runAwsrole,
  notNode,
} from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import type { AddedUser } from "../support/aws-double/inhabitants.ts";

/** One run. `shows`: its stdout is where the contract hands credentials out. */
type Run = { readonly words: string; readonly stdin?: string; readonly shows?: true };

const role = "arn:aws:iam::123456789012:role/example-role";
const passphrase = "planted-passphrase-7f3a";
const foreignSecret = "plantedForeignSecret/9c1e";
const seed = "PLANTEDSEED2345677PLANTEDSEED234";

/** In this order, each command with what succeeds and what fails. */
/** Commands that need a sign-in: login.test.ts and sync.test.ts have one, and look for its secrets. */
const drivenElsewhere = new Set(["login", "sync"]);

const runs: Readonly<Record<string, readonly Run[]>> = {
  "credential-process": [
    { words: "credential-process --profile prod --debug", shows: true },
    { words: "credential-process --profile prod --store file --debug", shows: true },
    { words: "credential-process --profile chained --force-refresh --debug", shows: true },
    { words: "credential-process --profile foreign --debug" },
    { words: "credential-process --profile coded --debug" },
    { words: "credential-process --profile coded --mfa-code CODE --debug", shows: true },
    { words: "credential-process --profile coded --mfa-code 000000 --force-refresh --debug" },
    { words: "credential-process --profile denied --debug" },
    { words: "credential-process --profile bob --debug" },
  ],
  "add-profile": [
    { words: `add-profile new --role-arn ${role} --source-profile bob --debug` },
    { words: `add-profile bob --role-arn ${role} --source-profile bob --debug` },
  ],
  "edit-profile": [
    { words: "edit-profile new --duration-seconds 900 --debug" },
    { words: "edit-profile nobody --duration-seconds 900 --debug" },
  ],
  "rename-profile": [{ words: "rename-profile new newer --debug" }],
  "remove-profile": [
    { words: "remove-profile newer --debug" },
    { words: "remove-profile prod --debug" },
  ],
  undo: [{ words: "undo --debug" }],
  adopt: [{ words: "adopt standard --debug" }, { words: "adopt bob --debug" }],
  release: [{ words: "release standard --debug" }],
  list: [{ words: "list --json --debug" }, { words: "list --tree --debug" }],
  config: [{ words: "config --json --debug" }, { words: "config bob --show-origin --debug" }],
  whoami: [
    { words: "whoami prod --json --debug" },
    { words: "whoami coded --no-input --debug" },
    { words: "whoami denied --debug" },
  ],
  env: [
    { words: "env prod --shell bash --debug", shows: true },
    { words: "env denied --shell bash --debug" },
  ],
  init: [{ words: "init bash --prompt --debug" }],
  use: [{ words: "use prod --shell bash --debug" }],
  exec: [{ words: "exec prod --debug -- true" }, { words: "exec denied --debug -- true" }],
  serve: [{ words: "serve denied --json --debug" }],
  warm: [{ words: "warm prod chained --debug" }, { words: "warm denied coded --no-input --debug" }],
  console: [
    { words: "console prod --print --debug" },
    { words: "console denied --debug" },
    { words: "console bob --print --debug" },
  ],
  log: [{ words: "log --json --debug" }],
  explain: [{ words: "explain prod --json --debug" }, { words: "explain chained --debug" }],
  doctor: [{ words: "doctor --json --debug" }, { words: "doctor --online --debug" }],
  setup: [
    { words: "setup team --admin-profile bob --dry-run --debug" },
    { words: `setup team --admin-profile bob --command ${program.at(-1)} --debug` },
    { words: `setup team --admin-profile denied --no-input --debug` },
    { words: "setup team --undo --yes --debug" },
  ],
  "add-key": [
    { words: "add-key kept --debug", stdin: "KEY" },
    { words: "add-key kept --debug", stdin: "KEY" },
    { words: "add-key wrong --debug", stdin: "WRONG KEY" },
    { words: "add-key bob --from-credentials-file --store plaintext --debug" },
  ],
  "add-mfa": [
    { words: "add-mfa seeded --debug", stdin: "SEED" },
    { words: "add-mfa coded --debug", stdin: "SEED" },
  ],
  export: [
    { words: "export prod --to-credentials-file --debug" },
    { words: "export denied --to-credentials-file --debug" },
  ],
  "rotate-key": [
    { words: "rotate-key kept --debug" },
    { words: "rotate-key kept --finish --yes --debug" },
    { words: "rotate-key prod --debug" },
  ],
  store: [
    { words: "store move file --debug" },
    { words: "store move plaintext --debug" },
    { words: "store move keychain --debug" },
  ],
  "remove-key": [{ words: "remove-key kept --force --yes --debug" }],
  logout: [{ words: "logout prod --debug" }, { words: "logout --all --debug" }],
  completion: [{ words: "completion bash" }],
};

const noKeychain = keychainSkipReason();
describe.skipIf(noKeychain !== undefined)(titled("planted secrets", noKeychain), () => {
  let keychain: KeychainDaemon;
  let sts: AwsDouble;
  let home: Home;
  let env: NodeJS.ProcessEnv;
  /** Her key is the one that is kept, rotated and removed. */
  let carol: AddedUser;
  const commandLines = new Set<string>();
  let watch: NodeJS.Timeout;
  /** What was printed where it must not hold a secret, under the words that led to it. */
  const printed: { readonly words: string; readonly text: string }[] = [];
  const finished: { readonly name: string; readonly code: number | null }[] = [];

  const secrets = (): readonly string[] => [
    passphrase,
    foreignSecret,
    seed,
    sts.bob.secretAccessKey,
    carol.secretAccessKey,
    ...sts
      .sessions()
      .flatMap(({ secretAccessKey, sessionToken }) => [secretAccessKey, sessionToken]),
    ...rotated,
  ];
  /** Secrets of keys that the double has made, as it answered them. */
  const rotated: string[] = [];

  beforeAll(async () => {
    [keychain, sts] = await Promise.all([startKeychainDaemon(), startAwsDouble()]);
    carol = sts.addUser({ name: "Carol" });
    home = createHome({
      credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
    });
    const temporary = join(home.path, "tmp");
    mkdirSync(temporary);
    const passphraseFile = join(home.path, "passphrase");
    writeFileSync(passphraseFile, passphrase, { mode: 0o600 });
    const failing = script(
      "failing",
      `env > ${join(home.path, "env-of-process")}\necho '{"Version":1,"SecretAccessKey":"${foreignSecret}"}'\necho ${foreignSecret} >&2\nexit 1`,
    );
    const noCode = script("no-code", `env > ${join(home.path, "env-of-mfa")}\nexit 1`);
    writeFileSync(
      home.configFile,
      [
        section("prod", "bob"),
        section("chained", "prod"),
        section("denied", "bob").replace(role, `${role}-that-is-not-there`),
        section(
          "coded",
          "bob",
          `awsrole_mfa_serial = ${sts.bob.mfaSerial}`,
          `awsrole_mfa_process = ${noCode}`,
        ),
        section("seeded", "bob", `awsrole_mfa_serial = ${sts.bob.mfaSerial}`),
        `[profile foreign]\ncredential_process = ${failing}`,
        `[profile standard]\nrole_arn = ${role}\nsource_profile = bob`,
        "",
      ].join("\n"),
      { mode: 0o600 },
    );
    env = {
      ...home.env,
      DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
      TMPDIR: temporary,
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_ENDPOINT_URL_IAM: sts.url,
      AWS_ENDPOINT_URL_SIGNIN: sts.urls.signin,
      AWS_REGION: "eu-west-1",
      AWSROLE_PASSPHRASE_FILE: passphraseFile,
      AWSROLE_LOG: "on",
      DEBUG: "*",
    };
    watch = setInterval(noteCommandLines, 15);
    for (const [name, list] of Object.entries(runs)) {
      if (!Object.hasOwn(commands, name)) continue;
      for (const run of list) await drive(name, run);
    }
    await driveServe();
    clearInterval(watch);
  });
  afterAll(async () => {
    clearInterval(watch);
    await keychain?.stop();
    await sts?.close();
    await home?.remove();
  });

  function script(name: string, text: string): string {
    const file = join(home.path, name);
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  function section(name: string, source: string, ...more: string[]): string {
    return [
      `[profile ${name}]`,
      `credential_process = ${program.join(" ")} credential-process --profile ${name}`,
      `awsrole_role_arn = ${role}`,
      `awsrole_source_profile = ${source}`,
      ...more,
    ].join("\n");
  }

  async function drive(name: string, { words, stdin, shows }: Run): Promise<void> {
    const key = stdin === undefined ? "" : keyText(stdin);
    const line = words.replace("CODE", sts.currentCode(sts.bob)).split(" ");
    const { code, stdout, stderr } = await runAwsrole(line, { env, stdin: key });
    finished.push({ name, code });
    printed.push({ words, text: shows === true && code === 0 ? stderr : stdout + stderr });
    if (["rotate-key", "setup"].includes(name)) rotated.push(...(await keysInStore()));
  }

  function keyText(what: string): string {
    if (what === "SEED") return `${seed}\n`;
    const secret = what === "KEY" ? carol.secretAccessKey : foreignSecret;
    return `${carol.accessKeyId}\n${secret}\n`;
  }

  async function keysInStore(): Promise<readonly string[]> {
    const dump = await keychain.dump();
    return [...dump.matchAll(/"secretAccessKey":"([^"]+)"/g)].map(([, secret = ""]) => secret);
  }

  /** The endpoint hands credentials out on its socket, and writes them nowhere. */
  async function driveServe(): Promise<void> {
    const [file = "", ...before] = program;
    const child: ChildProcess = spawn(file, [...before, "serve", "prod", "--json", "--debug"], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    let lines = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (lines += chunk));
    const ended = new Promise<Finished["code"]>((resolve) => child.once("close", resolve));
    await vi.waitFor(() => expect(lines.trimEnd()).toMatch(/AUTHORIZATION_TOKEN[^]*}$/), {
      timeout: 120_000,
    });
    const variables = JSON.parse(lines) as Record<string, string>;
    const answer = await fetch(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] ?? "", {
      headers: { authorization: variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] ?? "" },
    });
    expect(((await answer.json()) as { Token: string }).Token.length).toBeGreaterThan(100);
    child.kill("SIGTERM");
    finished.push({ name: "serve", code: await ended });
    printed.push({ words: "serve prod", text: lines + text });
  }

  /** Started with its home, or by it, however far down and with whatever environment. */
  function isOfThisTest(pid: string): boolean {
    if (pid === String(process.pid)) return true;
    if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(home.path)) return true;
    const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return parent !== undefined && parent !== "0" && isOfThisTest(parent);
  }

  function noteCommandLines(): void {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        // Other tests, which run beside this one, type secrets at a terminal.
        if (!isOfThisTest(pid)) continue;
        commandLines.add(readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " "));
      } catch {
        // It has ended.
      }
    }
  }

  const found = (text: string): readonly string[] =>
    secrets().filter((secret) => text.includes(secret));

  it("are planted, and every command has been driven", () => {
    expect(secrets().length).toBeGreaterThan(8);
    const driven = Object.keys(commands).filter((name) => !drivenElsewhere.has(name));
    expect(driven.filter((name) => !Object.hasOwn(runs, name))).toEqual([]);
    const succeeded = new Set(finished.filter(({ code }) => code === 0).map(({ name }) => name));
    expect(driven.filter((name) => !succeeded.has(name))).toEqual([]);
    // The failures are AWS's own, not a slip in the profiles above.
    expect(printed.find(({ words }) => words.startsWith("whoami denied"))?.text).toMatch(
      /AccessDenied/,
    );
    expect(sts.callsOf("GetSessionToken").length).toBeGreaterThan(0);
    expect(sts.callsOf("CreateAccessKey").length).toBe(2);
  });

  it("are in no output but the one that hands them out, at the highest debug level", () => {
    for (const { words, text } of printed) expect(found(text), `${words}\n${text}`).toEqual([]);
  });

  it.skipIf(notNode !== undefined)(
    titled(
      "are not shown by node either when NODE_DEBUG asks for everything, but for tokens in the headers that it sends",
      notNode,
    ),
    async () => {
      const secretKeys = [
        passphrase,
        sts.bob.secretAccessKey,
        ...sts.sessions().map(({ secretAccessKey }) => secretAccessKey),
      ];
      for (const store of ["keychain", "file"]) {
        const { code, stderr } = await runAwsrole(
          ["credential-process", "--profile", "chained", "--force-refresh", "--store", store],
          { env: { ...env, NODE_DEBUG: "*" } },
        );
        expect(code).toBe(0);
        expect(stderr.length).toBeGreaterThan(1000);
        expect(secretKeys.filter((secret) => stderr.includes(secret))).toEqual([]);
      }
    },
  );

  it("are in no file but the sources that a person made", () => {
    const own = new Set([
      home.credentialsFile,
      join(home.path, "passphrase"),
      join(home.path, "failing"),
    ]);
    const files = readdirSync(home.path, { recursive: true, encoding: "utf8" })
      .map((name) => join(home.path, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) {
      if (own.has(file)) continue;
      expect(found(readFileSync(file, "latin1")), file).toEqual([]);
    }
  });

  it("are in no command line", () => {
    const lines = [...commandLines];
    expect(lines.some((line) => line.includes("credential-process"))).toBe(true);
    for (const line of lines) expect(found(line), line).toEqual([]);
  });

  it("are not in the environment of the programs that awsrole runs to get something", () => {
    for (const name of ["env-of-process", "env-of-mfa"])
      expect(found(readFileSync(join(home.path, name), "utf8")), name).toEqual([]);
  });

  it("are in no label or attribute that every program on the bus can read", async () => {
    await runAwsrole(["credential-process", "--profile", "prod"], { env });
    const items = JSON.stringify(await keychain.items());
    expect(items).toContain("session/v1/prod");
    expect(found(items)).toEqual([]);
  });
});
