/** Runs the built program as a user's shell or an SDK would: a process of its own, with an environment that is ours alone. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { homeVariables } from "./isolation.ts";
import { movedClock } from "./moved-clock.ts";
import { endProcessesOf } from "./own-processes.ts";

/** The program under test; AWSROLE_PROGRAM names another (the stand-alone one). */
export const program: readonly string[] = process.env["AWSROLE_PROGRAM"]
  ? [process.env["AWSROLE_PROGRAM"]]
  : [process.execPath, fileURLToPath(new URL("../../bin/awsrole.js", import.meta.url))];

/** Why a test is skipped that reaches into the program by node's own options. */
export const notNode: string | undefined =
  process.env["AWSROLE_PROGRAM"] === undefined ? undefined : "the program brings its own runtime";

export type Home = {
  readonly path: string;
  readonly configFile: string;
  readonly credentialsFile: string;
  /** HOME and the folders that hang on it, and nothing of the surrounding environment but PATH. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Waits until every process that was started with this home has ended, and deletes it. Rejects when one goes on and on: the
   * test has to end what it starts.
   */
  remove(): Promise<void>;
};

/** A fresh home folder with these AWS files. */
export function createHome({
  config = "",
  credentials = "",
}: { config?: string; credentials?: string } = {}): Home {
  const path = mkdtempSync(join(tmpdir(), "awsrole-home-"));
  const run = join(path, "run");
  mkdirSync(run, { mode: 0o700 });
  mkdirSync(join(path, ".aws"), { mode: 0o700 });
  const configFile = join(path, ".aws", "config");
  const credentialsFile = join(path, ".aws", "credentials");
  if (config !== "") writeFileSync(configFile, config, { mode: 0o600 });
  if (credentials !== "") writeFileSync(credentialsFile, credentials, { mode: 0o600 });
  return {
    path,
    configFile,
    credentialsFile,
    env: {
      PATH: process.env["PATH"],
      ...homeVariables(path),
      XDG_RUNTIME_DIR: run,
      // Else the keychain of the person who runs the tests would be found in /run/user.
      DBUS_SESSION_BUS_ADDRESS: "disabled:",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    remove: async () => {
      const leftBehind = await endProcessesOf(path, 20_000);
      removeFolder(path);
      if (leftBehind.length > 0)
        throw new Error(
          `still running 20 s after the test: ${leftBehind.map(({ commandLine }) => commandLine).join("; ")}`,
        );
    },
  };
}

/** A folder that stays (on Windows a virus scanner may hold a file, elsewhere a process may write its last one) is no failure. */
function removeFolder(path: string): void {
  // Not by maxRetries alone: Node 20 tries only the last step again, and never sees a file that came in between.
  for (let attempt = 1; ; attempt += 1) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
      return;
    } catch (error) {
      if (attempt < 5) continue;
      console.warn(`not removed: ${path}: ${String(error)}`);
      return;
    }
  }
}

/** The mode of what only its owner may use, as node shows it: on Windows, where an access list says that, everything that can be written has this one. */
export const privateMode =
  process.platform === "win32" ? { file: 0o666, folder: 0o666 } : { file: 0o600, folder: 0o700 };

/** A program that is there, for lines of a config that are never run. */
export const someProgram =
  process.platform === "win32" ? String.raw`C:\Windows\System32\cmd.exe` : "/bin/sh";

export type Finished = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin?: string;
  readonly cwd?: string;
  /** Seconds by which the wall clock and the uptime seem to have moved. */
  readonly clockOffsetSeconds?: { readonly wall?: number; readonly uptime?: number };
};

/** Runs `awsrole WORDS` to its end. */
export function runAwsrole(words: readonly string[], options: RunOptions): Promise<Finished> {
  const { wall = 0, uptime = 0 } = options.clockOffsetSeconds ?? {};
  const moved = wall !== 0 || uptime !== 0;
  return runCommand([...program, ...words], {
    ...options,
    env: { ...options.env, ...(moved ? movedClock(wall, uptime) : {}) },
  });
}

/** Runs any command line to its end. */
export function runCommand(
  [file = "", ...words]: readonly string[],
  { env, stdin = "", cwd }: RunOptions,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, {
      env,
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => {}).end(stdin);
    child
      .once("error", reject)
      .once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
