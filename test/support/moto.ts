import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

/** A running moto_server: AWS by other hands. It checks signatures, keys and (simple) policies, but no expiry, durations, MFA or skew. */
export type Moto = { url: string; close: () => Promise<void> };

/** Why a test that needs moto is skipped, for its name. */
export const MOTO_MISSING = "moto_server is not installed";

/** True if `moto_server` can be run. A pyenv shim without the program behind it is found out. */
export function isMotoInstalled(): boolean {
  return spawnSync("moto_server", ["--help"], { stdio: "ignore", timeout: 120_000 }).status === 0;
}

/**
 * Starts moto on a free port of 127.0.0.1. Unless `freeActions` is given it lets everybody do everything; with it, every
 * request after the first so many must be signed by a user or session that moto knows, and be allowed by a policy. With
 * `managedPolicies` AWS's own policies exist (slower to start). Rejects when it has not started within two minutes.
 */
export async function startMoto({
  freeActions,
  managedPolicies = false,
}: { freeActions?: number; managedPolicies?: boolean } = {}): Promise<Moto> {
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      ...(freeActions === undefined ? {} : { INITIAL_NO_AUTH_ACTION_COUNT: String(freeActions) }),
      ...(managedPolicies ? { MOTO_IAM_LOAD_MANAGED_POLICIES: "true" } : {}),
    },
  });
  const exited = new Promise<void>((resolve) =>
    child.once("close", () => resolve()).once("error", () => resolve()),
  );
  const tooLate = setTimeout(() => child.kill(), 120_000);
  // read to the end, even when nobody looks: moto logs every request, and would stop at a full pipe
  const output = createInterface({ input: child.stderr });
  const lines: string[] = [];
  const url = await new Promise<string | undefined>((resolve) => {
    output.on("line", (line) => {
      lines.push(line);
      const started = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
      if (started !== null) resolve(started[1]);
    });
    void exited.then(() => resolve(undefined));
  });
  clearTimeout(tooLate);
  if (url === undefined) throw new Error(`moto_server did not start:\n${lines.join("\n")}`);
  return {
    url,
    close: async () => {
      child.kill();
      await exited;
    },
  };
}
