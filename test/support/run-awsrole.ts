/** Runs the built program as a user's shell or an SDK would: a process of its own, with an environment that is ours alone. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { movedClock } from "./moved-clock.ts";

/** The program under test; AWSROLE_PROGRAM names another (the stand-alone one). */
export const program: readonly string[] = process.env["AWSROLE_PROGRAM"]
  ? [process.env["AWSROLE_PROGRAM"]]
  : [process.execPath, fileURLToPath(new URL("../../bin/awsrole.js", import.meta.url))];

export type Home = {
  readonly path: string;
  readonly configFile: string;
  readonly credentialsFile: string;
  /** HOME and the folders that hang on it, and nothing of the surrounding environment but PATH. */
  readonly env: NodeJS.ProcessEnv;
  remove(): void;
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
      HOME: path,
      USERPROFILE: path,
      XDG_RUNTIME_DIR: run,
      XDG_STATE_HOME: join(path, "state"),
      AWS_EC2_METADATA_DISABLED: "true",
    },
    remove: () => removeFolder(path),
  };
}

/**
 * A process that was ended with its terminal may still write its last file. rmSync's own retries do not help against that: they
 * try the folder again, not what has come into it.
 */
function removeFolder(path: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === 50 || (error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

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
