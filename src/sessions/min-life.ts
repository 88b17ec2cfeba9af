/** `--min-life`: credentials that a program cannot renew are to last for a while. */
import { roleSessionSeconds } from "../config/aws-limits.ts";
import type { OptionTable } from "../cli/command.ts";
import { formatUntil } from "../cli/times.ts";
import type { Context } from "../foundation/context.ts";
import { parseSeconds } from "../foundation/duration.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { type FetchArguments, type Fetched, noticeTo } from "./fetch-credentials.ts";

export const minLifeOptions = {
  "min-life": {
    type: "string",
    value: "DURATION",
    describe: "renew first if the session ends sooner (45m, 1h30m, or seconds)",
  },
} as const satisfies OptionTable;

/** Seconds of `45m`, `1h30m`, `90s` or `2700`. @throws ERR_USAGE. */
export function parseMinLife(text: string): number {
  const total = parseSeconds(text) ?? 0;
  if (total > 0 && total <= roleSessionSeconds.most) return total;
  throw new AwsRoleError("ERR_USAGE", `invalid value "${text}" for --min-life`, {
    hint: "a duration of at most 12h: 45m, 1h30m, or seconds",
  });
}

/**
 * What `fetch` gives, fetched again by force when it ends sooner than `--min-life`; says on stderr when it ends. Without the option what `fetch`
 * gives. @throws ERR_USAGE, what `fetch` throws.
 */
export async function fetchWithMinLife<A extends FetchArguments>(
  context: Context,
  args: A & { readonly "min-life": string | undefined },
  fetch: (args: A) => Promise<Fetched>,
): Promise<Fetched> {
  const text = args["min-life"];
  if (text === undefined) return fetch(args);
  const seconds = parseMinLife(text);
  const notice = noticeTo(context, args);
  const lasts = ({ credentials: { expiresAt } }: Fetched): boolean =>
    expiresAt === undefined ||
    (expiresAt.getTime() - context.clock.now().getTime()) / 1000 >= seconds;
  let fetched = await fetch(args);
  if (!lasts(fetched) && fetched.how !== "fetched" && fetched.how !== "joined")
    fetched = await fetch({ ...args, "force-refresh": true, "mfa-code": undefined });
  const { expiresAt } = fetched.credentials;
  if (expiresAt === undefined) return fetched;
  const end = formatUntil(expiresAt, context.clock.now());
  notice(
    lasts(fetched)
      ? `credentials of ${fetched.profile} until ${end}`
      : `credentials of ${fetched.profile} until ${end}, less than --min-life ${text}: the role or its source allows no longer session (see --duration-seconds of awsrole edit-profile)`,
  );
  return fetched;
}
