/**
 * What is remembered of a device between runs: the last code that AWS has seen, so that it is not offered twice, and the last time
 * a person refused to give one. One small file per device; when it cannot be kept (or not by us alone), AWS's own refusal does the same, only later.
 */
import { shortHash } from "../../foundation/hash.ts";
import type { Clock } from "../../foundation/clock.ts";
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makePrivateFolder } from "../../foundation/private-dir.ts";
import { refuseForeign } from "../../state/item-index.ts";

/** How long a code can still be valid after it was used: its own step of 30 s and what AWS allows for slow clocks. */
const usedForSeconds = 90;

/** How long a refusal counts, in seconds. */
const refusedForSeconds = 30;

export type MfaMemory = {
  /** True for the code that AWS was last shown for this device, while it could still pass for a new one. */
  isUsed(serial: string, code: string): Promise<boolean>;
  /** No secret is kept: the code is worthless once used, and only its salted hash is written. */
  markUsed(serial: string, code: string): Promise<void>;
  /** How long ago AWS was shown a code of this device; undefined when that no longer matters. */
  usedSecondsAgo(serial: string): Promise<number | undefined>;
  /** The last refusal within 30 s: how long ago it was, and at which terminal. */
  lastRefusal(
    serial: string,
  ): Promise<{ readonly secondsAgo: number; readonly terminal: string | undefined } | undefined>;
  markRefused(serial: string, terminal: string | undefined): Promise<void>;
};

/** The memory in the state folder. */
export function createMfaMemory(stateFolder: string, clock: Clock): MfaMemory {
  const folder = join(stateFolder, "mfa");
  const fileOf = (serial: string): string => join(folder, `${shortHash(serial)}.json`);
  const read = async (serial: string): Promise<Readonly<Record<string, unknown>>> => {
    try {
      refuseForeign(stateFolder, folder);
      const memory: unknown = JSON.parse(await readFile(fileOf(serial), "utf8"));
      return typeof memory === "object" && memory !== null ? { ...memory } : {};
    } catch {
      return {};
    }
  };
  const add = async (serial: string, facts: Record<string, unknown>): Promise<void> => {
    const memory = JSON.stringify({ ...(await read(serial)), ...facts });
    try {
      makePrivateFolder(folder);
      refuseForeign(stateFolder, folder);
      await writeFile(fileOf(serial), memory, { mode: 0o600 });
    } catch {
      // See above.
    }
  };
  const secondsSince = (uptimeSeconds: unknown): number =>
    clock.uptimeSeconds() - (typeof uptimeSeconds === "number" ? uptimeSeconds : Number.NaN);
  return {
    async isUsed(serial, code) {
      const { usedAt, salt, used } = await read(serial);
      const age = secondsSince(usedAt);
      return age >= 0 && age < usedForSeconds && used === hash(String(salt), serial, code);
    },
    async markUsed(serial, code) {
      const salt = randomBytes(16).toString("hex");
      await add(serial, { usedAt: clock.uptimeSeconds(), salt, used: hash(salt, serial, code) });
    },
    async usedSecondsAgo(serial) {
      const age = secondsSince((await read(serial))["usedAt"]);
      return age >= 0 && age < usedForSeconds ? age : undefined;
    },
    async lastRefusal(serial) {
      const { refusedAt, refusedOn } = await read(serial);
      const secondsAgo = secondsSince(refusedAt);
      if (!(secondsAgo >= 0 && secondsAgo < refusedForSeconds)) return undefined;
      return { secondsAgo, terminal: typeof refusedOn === "string" ? refusedOn : undefined };
    },
    async markRefused(serial, terminal) {
      await add(serial, { refusedAt: clock.uptimeSeconds(), refusedOn: terminal });
    },
  };
}

function hash(salt: string, serial: string, code: string): string {
  return createHash("sha256").update(`${salt}\n${serial}\n${code}`).digest("hex");
}
