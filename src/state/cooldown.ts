/**
 * What failed or was refused a moment ago, remembered for 30 s: programs that ask every second must neither hammer AWS nor show a person the
 * same prompt again and again. Its rules:
 *
 * - One small file each in the state directory, without secrets.
 * - Its age is measured by the machine's uptime, which cannot be set; one from before a restart does not count.
 * - It never throws: when it cannot be kept, or not by us alone, every caller tries for itself.
 */
import type { Clock } from "../foundation/clock.ts";
import { AwsRoleError, isErrorCode } from "../foundation/errors.ts";
import { asObject } from "../foundation/json.ts";
import { openStateFile } from "./json-file.ts";

const cooldownSeconds = 30;

/** A value that counts for 30 s. */
export type Cooldown<T> = {
  /** The value and its age, while it counts. */
  recall(): { readonly value: T; readonly secondsAgo: number } | undefined;
  remember(value: T): void;
  forget(): void;
};

/** How a value is kept: as an object of JSON without the key `uptimeSeconds`. */
export type CooldownCodec<T> = {
  readonly encode: (value: T) => Readonly<Record<string, unknown>>;
  readonly decode: (stored: Readonly<Record<string, unknown>>) => T | undefined;
};

/** The cooldown in the file `name` of `stateFolder`. */
export function openCooldown<T>(
  stateFolder: string,
  name: string,
  { encode, decode }: CooldownCodec<T>,
  clock: Pick<Clock, "uptimeSeconds">,
): Cooldown<T> {
  const file = openStateFile(stateFolder, name, asObject);
  return {
    recall: () =>
      orNothing(() => {
        // Mostly there is none, and to look costs the cache hit less than an error.
        const stored = file.exists() ? file.read() : undefined;
        if (stored === undefined) return undefined;
        const secondsAgo = clock.uptimeSeconds() - Number(stored["uptimeSeconds"]);
        const value = decode(stored);
        const counts = secondsAgo >= 0 && secondsAgo < cooldownSeconds;
        return counts && value !== undefined ? { value, secondsAgo } : undefined;
      }),
    remember: (value) =>
      orNothing(() => file.write({ ...encode(value), uptimeSeconds: clock.uptimeSeconds() })),
    forget: () => orNothing(() => file.remove()),
  };
}

/** An error by its code, message and hint; its cause stays behind. */
export const errorCodec: CooldownCodec<AwsRoleError> = {
  encode: ({ code, message, hint }) => ({ code, message, hint }),
  decode: ({ code, message, hint }) =>
    isErrorCode(code) && typeof message === "string"
      ? new AwsRoleError(code, message, typeof hint === "string" ? { hint } : {})
      : undefined,
};

/** What cannot be read or kept is only not remembered. */
function orNothing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
