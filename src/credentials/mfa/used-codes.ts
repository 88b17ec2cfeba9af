/**
 * What is remembered of a device between runs: the last code that AWS has seen, so that it is not offered twice, and for 30 s that a person
 * refused to give one. Small files per device (state/json-file.ts); when they cannot be kept, AWS's own refusal does the same, only later.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../../foundation/clock.ts";
import { shortHash } from "../../foundation/hash.ts";
import { asObject } from "../../foundation/json.ts";
import { type Cooldown, openCooldown } from "../../state/cooldown.ts";
import { openStateFile, type StateFile } from "../../state/json-file.ts";

/** How long a code can still be valid after it was used: its own step of 30 s and what AWS allows for slow clocks. */
const usedForSeconds = 90;

/** Never throws. */
export type MfaMemory = {
  /** True for the code that AWS was last shown for this device, while it could still pass for a new one. */
  isUsed(serial: string, code: string): boolean;
  /** No secret is kept: the code is worthless once used, and only its salted hash is written. */
  markUsed(serial: string, code: string): void;
  /** How long ago AWS was shown a code of this device; undefined when that no longer matters. */
  usedSecondsAgo(serial: string): number | undefined;
  /** The last refusal within 30 s: how long ago it was, and at which terminal. */
  lastRefusal(
    serial: string,
  ): { readonly secondsAgo: number; readonly terminal: string | undefined } | undefined;
  markRefused(serial: string, terminal: string | undefined): void;
};

/** The memory in `stateFolder`/mfa. */
export function createMfaMemory(stateFolder: string, clock: Clock): MfaMemory {
  const used = (serial: string): StateFile<UsedCode> =>
    openStateFile(stateFolder, `mfa/${shortHash(serial)}.json`, decodeUsedCode);
  const refusal = (serial: string): Cooldown<Refusal> =>
    openCooldown(stateFolder, `mfa/${shortHash(serial)}-refused.json`, refusalCodec, clock);
  const lastUse = (serial: string): (UsedCode & { readonly secondsAgo: number }) | undefined => {
    try {
      const code = used(serial).read();
      if (code === undefined) return undefined;
      const secondsAgo = clock.uptimeSeconds() - code.usedAt;
      return secondsAgo >= 0 && secondsAgo < usedForSeconds ? { ...code, secondsAgo } : undefined;
    } catch {
      // A directory that others can change is not believed.
      return undefined;
    }
  };
  return {
    isUsed(serial, code) {
      const last = lastUse(serial);
      return last !== undefined && last.used === hash(last.salt, serial, code);
    },
    markUsed(serial, code) {
      const salt = randomBytes(16).toString("hex");
      try {
        used(serial).write({
          usedAt: clock.uptimeSeconds(),
          salt,
          used: hash(salt, serial, code),
        });
      } catch {
        // Then AWS refuses the code if it is offered again.
      }
    },
    usedSecondsAgo: (serial) => lastUse(serial)?.secondsAgo,
    lastRefusal(serial) {
      const last = refusal(serial).recall();
      return last === undefined
        ? undefined
        : { secondsAgo: last.secondsAgo, terminal: last.value.terminal };
    },
    markRefused: (serial, terminal) => refusal(serial).remember({ terminal }),
  };
}

/** `usedAt` by the machine's uptime, in seconds. */
type UsedCode = { readonly usedAt: number; readonly salt: string; readonly used: string };

type Refusal = { readonly terminal: string | undefined };

const refusalCodec = {
  encode: (refusal: Refusal): Readonly<Record<string, unknown>> => refusal,
  decode: ({ terminal }: Readonly<Record<string, unknown>>): Refusal => ({
    terminal: typeof terminal === "string" ? terminal : undefined,
  }),
};

function decodeUsedCode(value: unknown): UsedCode | undefined {
  const { usedAt, salt, used } = asObject(value) ?? {};
  return typeof usedAt === "number" && typeof salt === "string" && typeof used === "string"
    ? { usedAt, salt, used }
    : undefined;
}

function hash(salt: string, serial: string, code: string): string {
  return createHash("sha256").update(`${salt}\n${serial}\n${code}`).digest("hex");
}
