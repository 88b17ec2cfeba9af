/**
 * Something else in place of the files that the program opens: /dev/zero, a FIFO, a directory, and a FUSE mount that never answers, as a dead network
 * home. Every command ends within its deadline: with its error, with the answer that needs no such file, or by SIGKILL to itself where its
 * thread is blocked, and then the lines are written before.
 *
 * A few files of each kind; with AWSROLE_TEST_LONG every one that strace sees opened.
 */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { type Kind, noMounts, runInPlaceOf } from "../support/in-place-of.ts";
import { missing, titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import {
  type Finished,
  type Home,
  program,
  runAwsrole,
  runCommand,
} from "../support/run-awsrole.ts";

const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
/** The deadline of programs, and what this machine needs to start and end a process. */
const longestMs = 18_000 + 7000;
const KILLED = 128 + 9;

type Ended = Finished & { readonly ms: number };

describe.skipIf(noMounts !== undefined)(titled("in place of a file", noMounts), () => {
  let sts: AwsDouble;
  let home: Home;
  let env: NodeJS.ProcessEnv;
  /** By name: the files that the program is led to. */
  let files: Readonly<Record<string, string>>;
  beforeAll(async () => {
    sts = await startAwsDouble();
    home = createRoleHome(sts, {
      config: `
[profile web]
awsrole_role_arn = arn:aws:iam::123456789012:role/example-role
awsrole_web_identity_token_file = HOME/token
region = eu-west-1

[profile narrow]
awsrole_role_arn = arn:aws:iam::123456789012:role/example-role
awsrole_source_profile = bob
awsrole_policy_file = HOME/policy.json
region = eu-west-1

[profile acme]
awsrole_sso_session = acme
awsrole_sso_account_id = 123456789012
awsrole_sso_role_name = Reader
region = eu-west-1

[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
`,
    });
    const state = join(home.path, "state", "awsrole");
    const tokens = join(home.path, ".aws", "sso", "cache");
    files = {
      config: home.configFile,
      credentials: home.credentialsFile,
      token: join(home.path, "token"),
      policy: join(home.path, "policy.json"),
      bundle: join(home.path, "ca.pem"),
      key: join(home.path, "key"),
      state,
      undo: join(state, "undo"),
      tokens,
    };
    const config = readFileSync(home.configFile, "utf8");
    writeFileSync(home.configFile, config.replaceAll("HOME", home.path));
    mkdirSync(tokens, { recursive: true, mode: 0o700 });
    mkdirSync(join(state, "undo"), { recursive: true, mode: 0o700 });
    for (const file of ["token", "policy", "bundle", "key"])
      writeFileSync(files[file] ?? "", "x".repeat(32), { mode: 0o600 });
    env = { ...home.env, AWSROLE_STORE: "plaintext" };
    // A row, an item and a record of an edit.
    expect(await runAwsrole(credentialProcess("prod"), { env })).toMatchObject({ code: 0 });
    expect(
      await runAwsrole(["edit-profile", "prod", "--duration-seconds", "1800"], { env }),
    ).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await sts?.close();
    await home?.remove();
  });

  async function run(
    kind: Kind,
    paths: readonly string[],
    words: readonly string[],
    more: NodeJS.ProcessEnv = {},
  ): Promise<Ended> {
    const started = Date.now();
    const ended = await runInPlaceOf(kind, paths, words, { env: { ...env, ...more } });
    return { ...ended, ms: Date.now() - started };
  }

  /** What is opened by which command, and the variables that lead there. */
  const table: readonly (readonly [
    file: string,
    words: readonly string[],
    more?: NodeJS.ProcessEnv,
  ])[] = [
    ["config", ["list"]],
    ["config", credentialProcess("prod")],
    ["config", ["use", "--shell", "bash", "prod"]],
    ["credentials", credentialProcess("prod")],
    ["credentials", ["whoami", "prod", "--json"]],
    ["token", credentialProcess("web")],
    ["policy", ["explain", "narrow"]],
    [
      "bundle",
      credentialProcess("prod", "--force-refresh"),
      { AWS_CA_BUNDLE: "bundle", AWS_ENDPOINT_URL_STS: "https://127.0.0.1:9" },
    ],
    ["key", credentialProcess("prod"), { AWSROLE_STORE: "file", AWSROLE_KEY_FILE: "key" }],
    ["state", credentialProcess("prod")],
    ["undo", ["undo", "--list"]],
    ["tokens", credentialProcess("acme")],
  ];
  const led = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv =>
    Object.fromEntries(
      Object.entries(more).map(([name, value]) => [name, files[value ?? ""] ?? value]),
    );

  it("a FUSE mount that never answers: each command ends in time, and names what does not answer", async () => {
    // All at once: they do nothing but wait.
    const ended = await Promise.all(
      table.map(async ([file, words, more]) => ({
        file,
        words,
        ...(await run("unread", [files[file] ?? ""], words, led(more))),
      })),
    );
    for (const { file, words, code, stdout, stderr, ms } of ended) {
      const label = `${file}: ${words.join(" ")} (${Math.round(ms / 100) / 10} s)`;
      expect({ label, code, isInTime: ms < longestMs }).toEqual({
        label,
        code: KILLED,
        isInTime: true,
      });
      expect(stderr, label).toContain(`awsrole: ${files[file] ?? ""}`);
      expect(stderr, label).toMatch(
        /^awsrole: \S+ does not answer: its file system hangs\nawsrole: hint: check /,
      );
      if (words.includes("--json"))
        expect(JSON.parse(stdout), label).toMatchObject({ error: { code: "ERR_DEADLINE" } });
      else expect(stdout, label).toBe("");
    }
  });

  it("one whose program has read the request: the lines are there in time, though no signal ends the process on Linux", async () => {
    const { stderr, ms } = await run(
      "unanswered",
      [files["credentials"] ?? ""],
      credentialProcess("prod"),
    );
    expect(stderr).toContain("does not answer: its file system hangs");
    expect(ms).toBeLessThan(longestMs);
  });

  it("a command that waits for its child, or was stopped meanwhile, is not ended", async () => {
    const exec = [...program, "exec", "prod", "--quiet", "--"];
    const [waiting, stopped] = await Promise.all([
      runCommand([...exec, "sleep", "13"], { env }),
      runCommand(
        [
          "sh",
          "-c",
          `"$@" & sleep 3; kill -STOP $!; sleep 13; kill -CONT $!; wait $!`,
          "sh",
          ...exec,
          "sleep",
          "6",
        ],
        { env },
      ),
    ]);
    expect(waiting).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    expect(stopped).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  });

  it.each(["zero", "fifo"] as const)(
    "%s: each command ends with an error that names it, or with the answer that does without",
    async (kind) => {
      const rows = isLong ? table : table.filter(([, words], at) => at !== 1 && words[0] !== "use");
      for (const [file, words, more] of rows.filter(([name]) =>
        statSync(files[name] ?? "").isFile(),
      )) {
        const { code, stderr, ms } = await run(kind, [files[file] ?? ""], words, led(more));
        const label = `${file}: ${words.join(" ")}`;
        expect({ label, code, isNamed: stderr.includes(files[file] ?? "") }).toEqual(
          endOf(file, label),
        );
        expect(ms, label).toBeLessThan(longestMs);
      }
    },
  );

  it("a directory: each command ends with an error that names it, or with the answer that does without", async () => {
    for (const [file, words, more] of table.filter(([name]) =>
      statSync(files[name] ?? "").isFile(),
    )) {
      const path = files[file] ?? "";
      if (words[0] === "use" || (!isLong && file === "config" && words[0] !== "list")) continue;
      renameSync(path, `${path}.kept`);
      mkdirSync(path);
      try {
        const label = `${file}: ${words.join(" ")}`;
        const { code, stderr } = await runAwsrole(words, { env: { ...env, ...led(more) } });
        expect({ label, code, isNamed: stderr.includes(path) }).toEqual(endOf(file, label));
      } finally {
        rmSync(path, { recursive: true });
        renameSync(`${path}.kept`, path);
      }
    }
  });

  const noTrace = isLong
    ? missing("strace")
    : "each file that is opened is a call of its own: AWSROLE_TEST_LONG is not set";
  it.skipIf(noTrace !== undefined)(
    titled(
      "every file that strace sees opened, but the program's own: each command ends in time",
      noTrace,
    ),
    { timeout: 3_600_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "awsrole-trace-"));
      const opened = async (command: readonly string[]): Promise<ReadonlySet<string>> => {
        const trace = join(folder, "trace");
        const strace = ["strace", "-f", "-y", "-o", trace, "-e", "trace=%file", ...command];
        await runCommand(strace, { env });
        const paths = [
          ...readFileSync(trace, "utf8").matchAll(
            /\w+\((?:AT_FDCWD[^,]*, )?"(\/[^"]+)".*\) = (?!-1)/g,
          ),
        ];
        return new Set(paths.map(([, path = ""]) => path));
      };
      const ofNode = await opened([process.execPath, "-e", "0"]);
      const root = fileURLToPath(new URL("../..", import.meta.url));
      const own = (path: string): boolean =>
        ofNode.has(path) ||
        path === "/" ||
        path.startsWith(root) ||
        /^\/(?:proc|sys|dev|usr|lib|lib64|bin|sbin)(?:\/|$)/.test(path) ||
        root.startsWith(path);
      const lines: Record<string, string> = {};
      for (const words of [
        ["list"],
        ["whoami", "prod"],
        ["doctor"],
        ["undo", "--list"],
        credentialProcess("prod"),
        credentialProcess("prod", "--force-refresh"),
        credentialProcess("web"),
        credentialProcess("acme"),
      ]) {
        const paths = [...(await opened([...program, ...words]))].filter((path) => !own(path));
        const present = paths.filter((path) => isThere(path) && !home.path.startsWith(path));
        // Twelve at a time: they do nothing but wait.
        for (let at = 0; at < present.length; at += 12)
          await Promise.all(
            present.slice(at, at + 12).map(async (path) => {
              const { code, stderr, ms } = await run("unread", [path], words);
              lines[`${words.join(" ")} | ${path}`] =
                ms < longestMs && (code !== KILLED || stderr.includes("does not answer"))
                  ? "in time"
                  : `${code} after ${ms} ms: ${stderr}`;
            }),
          );
      }
      console.log(
        Object.entries(lines)
          .map((line) => line.join(" | "))
          .join("\n"),
      );
      rmSync(folder, { recursive: true });
      expect(Object.keys(lines).length).toBeGreaterThan(20);
      expect(Object.entries(lines).filter(([, line]) => line !== "in time")).toEqual([]);
    },
  );
});

function credentialProcess(profile: string, ...more: readonly string[]): readonly string[] {
  return ["credential-process", "--profile", profile, "--no-input", ...more];
}

/** Without the store's key nothing is cached, and the credentials are there all the same. */
function endOf(file: string, label: string) {
  return { label, code: file === "key" ? 0 : 1, isNamed: file !== "key" };
}

function isThere(path: string): boolean {
  try {
    return statSync(path).isFile() || statSync(dirname(path)).isDirectory();
  } catch {
    return false;
  }
}
