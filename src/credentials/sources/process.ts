/**
 * Another program's `credential_process`: run without a shell, as the AWS CLI runs it, and ended with the deadline.
 *
 * AWSROLE_CHAIN tells the child (and its children) which profiles are being resolved, so that a command that leads back to awsrole for one of
 * them fails at once instead of waiting for itself or forking without end.
 */
import type { Environment } from "../../foundation/environment.ts";
import { type Credentials, formatExpiration } from "../../aws/credentials.ts";
import { awsroleFile } from "../../config/awsrole-file.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { cyclicProfiles } from "../chain.ts";
import { describeExit, runProcess } from "../../foundation/run-process.ts";
import { splitCommand } from "../../foundation/split-command.ts";

export type ProcessOptions = {
  readonly profileName: string;
  readonly command: string;
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  /** The profiles in flight, the outermost first. */
  readonly inFlight: readonly string[];
  readonly deadline: Deadline;
  readonly now: () => Date;
  /** `aws_account_id` of the profile: what counts where the command says nothing of the account. */
  readonly accountId?: string | undefined;
};

/** Far more than credentials need; what Java's SDK reads at most. */
const mostOutputCharacters = 64_000;

/** Runs the command and reads its answer. @throws ERR_PROCESS_FAILED; nothing of its output enters a message. */
export async function credentialsFromProcess(options: ProcessOptions): Promise<Credentials> {
  const output = await run(options);
  const credentials = parseCredentialProcessOutput(output);
  if (credentials === undefined) {
    throw failed(
      options,
      "its output is not credential_process JSON",
      "it must print one object with Version 1, AccessKeyId, SecretAccessKey and, for temporary credentials, Expiration (2026-01-31T12:00:00Z)",
    );
  }
  const { expiresAt } = credentials;
  if (expiresAt !== undefined && expiresAt <= options.now()) {
    throw failed(
      options,
      `it returned credentials that expired at ${formatExpiration(expiresAt)}`,
      runItYourself(options),
    );
  }
  return options.accountId === undefined
    ? credentials
    : { accountId: options.accountId, ...credentials };
}

/** The credentials in a `credential_process` answer; undefined when it is not one (Version must be the number 1). */
export function parseCredentialProcessOutput(output: string): Credentials | undefined {
  let answer: Readonly<Record<string, unknown>>;
  try {
    const value: unknown = JSON.parse(output);
    if (typeof value !== "object" || value === null) return undefined;
    answer = { ...value };
  } catch {
    return undefined;
  }
  const text = (key: string): string | undefined => {
    const value = answer[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const accessKeyId = text("AccessKeyId");
  const secretAccessKey = text("SecretAccessKey");
  const sessionToken = text("SessionToken");
  const accountId = text("AccountId");
  const expiration = answer["Expiration"] ?? undefined;
  const expiresAt = expiration === undefined ? undefined : readInstant(expiration);
  if (answer["Version"] !== 1 || accessKeyId === undefined || secretAccessKey === undefined)
    return undefined;
  if (expiration !== undefined && expiresAt === undefined) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}

/** An instant as RFC 3339 writes it; without a zone it could be any, so that is none. */
function readInstant(value: unknown): Date | undefined {
  if (typeof value !== "string") return undefined;
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)$/.test(value))
    return undefined;
  const instant = new Date(value);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

async function run(options: ProcessOptions): Promise<string> {
  const { command, profileName, platform, env, inFlight, deadline } = options;
  const [program, ...args] = splitCommand(command, platform) ?? [];
  if (program === undefined) throw failed(options, "it cannot be read", "close its quotes");
  const chain = [...(env["AWSROLE_CHAIN"] ?? "").split(","), ...inFlight].filter(
    (name) => name !== "",
  );
  // The child would find the cycle as well, but its message is not read.
  const again = profileOfAwsrole(program, args);
  if (again !== undefined && chain.includes(again)) throw cyclicProfiles(chain, again);
  const outcome = await runProcess({
    words: [program, ...args],
    what: "credential_process",
    env: { ...env, AWSROLE_CHAIN: chain.join(",") },
    platform,
    timeoutMs: deadline.remainingMs(),
    mostCharacters: mostOutputCharacters,
  });
  const tryIt = runItYourself(options);
  switch (outcome.kind) {
    case "exited":
      if (outcome.code === 0) return outcome.output;
      throw failed(options, `it failed (${describeExit(outcome)})`, tryIt);
    case "not started":
      throw failed(
        options,
        "it cannot be started",
        (isAwsRoleError(outcome.cause) ? outcome.cause.hint : undefined) ??
          `it runs without a shell; see awsrole config ${profileName}`,
        outcome.cause,
      );
    case "too much output":
      throw failed(options, "it prints more than credentials", tryIt);
    case "timed out":
    case "aborted":
      throw failed(options, "it did not end in time", tryIt);
  }
}

/**
 * The profile that a line runs awsrole for, directly: a stand-alone program, or node and a script. Not behind another program, which may run it on
 * another machine.
 */
function profileOfAwsrole(program: string, words: readonly string[]): string | undefined {
  const [script = ""] = words;
  const isScript = /\.js$/i.test(script) && awsroleFile.test(script);
  if (!isScript && !awsroleFile.test(program)) return undefined;
  const [command, ...options] = isScript ? words.slice(1) : words;
  if (command !== "credential-process") return undefined;
  const at = options.findIndex((word) => /^--profile(?:=|$)/.test(word));
  return at === -1 ? undefined : (/=(.*)/.exec(options[at] ?? "")?.[1] ?? options[at + 1]);
}

/** Never the command: there may be a password among its arguments. */
function runItYourself({ profileName }: ProcessOptions): string {
  return `run the command yourself to see why (awsrole config ${profileName} --show-origin says where it is)`;
}

function failed(
  { profileName }: ProcessOptions,
  what: string,
  hint: string,
  cause?: unknown,
): AwsRoleError {
  return new AwsRoleError(
    "ERR_PROCESS_FAILED",
    `profile ${profileName}: credential_process returned no credentials: ${what}`,
    { hint, cause },
  );
}
