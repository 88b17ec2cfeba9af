/**
 * The 30-second memory of failures: pollers that ask every second must neither hammer AWS nor raise a prompt again and
 * again. One small file per request, without secrets; when it cannot be kept (or not by us alone), every caller simply tries.
 */
import { shortHash } from "../foundation/hash.ts";
import type { Clock } from "../foundation/clock.ts";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AwsRoleError, type ErrorCode } from "../foundation/errors.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";
import { refuseForeign } from "./item-index.ts";

const memorySeconds = 30;

export type Backoff = {
  /** The failure remembered for this request, if it is younger than 30 s. */
  recall(request: string): Promise<AwsRoleError | undefined>;
  remember(request: string, error: AwsRoleError): Promise<void>;
  forget(request: string): Promise<void>;
};

export function createBackoff(stateFolder: string, clock: Clock): Backoff {
  const folder = join(stateFolder, "failures");
  const fileOf = (request: string): string => join(folder, `${shortHash(request)}.json`);
  return {
    async recall(request) {
      try {
        refuseForeign(stateFolder, folder);
        const memory = JSON.parse(await readFile(fileOf(request), "utf8")) as Partial<
          Record<string, unknown>
        >;
        const age = clock.uptimeSeconds() - Number(memory["uptimeSeconds"]);
        if (!(age >= 0 && age < memorySeconds)) return undefined;
        const { hint } = memory;
        return new AwsRoleError(
          String(memory["code"]) as ErrorCode,
          String(memory["message"]),
          typeof hint === "string" ? { hint } : {},
        );
      } catch {
        return undefined;
      }
    },
    async remember(request, { code, message, hint }) {
      const memory = JSON.stringify({ code, message, hint, uptimeSeconds: clock.uptimeSeconds() });
      try {
        makePrivateFolder(folder);
        refuseForeign(stateFolder, folder);
        await writeFile(fileOf(request), memory, { mode: 0o600 });
      } catch {
        // See above.
      }
    },
    async forget(request) {
      await rm(fileOf(request), { force: true }).catch(() => {});
    },
  };
}
