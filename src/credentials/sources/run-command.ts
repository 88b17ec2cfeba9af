/**
 * A command of the config whose output is the answer: `credential_process`, `awsrole_saml_process`. Run without a shell, as the AWS CLI runs it, and ended
 * with the deadline. Its text may hold a password and its output secrets: neither enters a message. Only the reason that another awsrole prints does.
 *
 * AWSROLE_CHAIN tells the child (and its children) which profiles are being resolved, so that a command that leads back to awsrole for one of
 * them fails at once instead of waiting for itself or forking without end.
 */
import type { Environment } from "../../foundation/environment.ts";
import { awsroleFile } from "../../config/awsrole-file.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { cyclicProfiles } from "../chain.ts";
import { describeExit, runProcess } from "../../foundation/run-process.ts";
import { splitCommand } from "../../foundation/split-command.ts";

export type CommandOptions = {
  readonly profileName: string;
  readonly command: string;
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  /** The profiles in flight, the outermost first. */
  readonly inFlight: readonly string[];
  readonly deadline: Deadline;
  /** A terminal's descriptor for its stdin and stderr, where it may talk to the person. */
  readonly terminal?: number | undefined;
  /** Aborted when that terminal is not ours any more. */
  readonly lost?: AbortSignal;
};

/** What is run, for messages, and how much it may print. */
export type CommandKind = {
  /** Its key in the config. */
  readonly key: "credential_process" | "awsrole_saml_process";
  /** What it has to print. */
  readonly answer: "credentials" | "SAML response";
  readonly mostCharacters: number;
  /** For how long a child of its own may keep the output open after it has exited, in milliseconds; absent: until the time is up. */
  readonly lingerMs?: number;
};

/** A reason and a hint of awsrole's own. */
const mostErrorCharacters = 4000;

/** Runs the command; its output. @throws ERR_PROCESS_FAILED, ERR_PROFILE_CYCLE. */
export async function runSourceCommand(
  options: CommandOptions,
  kind: CommandKind,
): Promise<string> {
  const { command, profileName, platform, env, inFlight, deadline } = options;
  const failed = (what: string, hint: string, cause?: unknown): AwsRoleError =>
    commandFailed(options, kind, what, hint, cause);
  const [program, ...args] = splitCommand(command, platform) ?? [];
  if (program === undefined) throw failed("it cannot be read", "close its quotes");
  const chain = [...(env["AWSROLE_CHAIN"] ?? "").split(","), ...inFlight].filter(
    (name) => name !== "",
  );
  // The child would find the cycle as well, but its message is not read.
  const again = profileOfAwsrole(program, args);
  if (again !== undefined && chain.includes(again)) throw cyclicProfiles(chain, again);
  const outcome = await runProcess({
    words: [program, ...args],
    what: kind.key,
    env: { ...env, AWSROLE_CHAIN: chain.join(",") },
    platform,
    timeoutMs: deadline.remainingMs(),
    mostCharacters: kind.mostCharacters,
    terminal: options.terminal,
    // What awsrole prints there is made for people and without secrets; of another program nothing is known.
    ...(again === undefined ? {} : { mostErrorCharacters }),
    signal: options.lost,
    ...(kind.lingerMs === undefined ? {} : { lingerMs: kind.lingerMs }),
  });
  const tryIt = runItYourself(options);
  const [, reason, hint] = outcome.kind === "exited" ? reasonOfAwsrole(outcome.errorOutput) : [];
  switch (outcome.kind) {
    case "exited":
      if (outcome.code === 0) return outcome.output;
      throw failed(reason ?? `it failed (${describeExit(outcome)})`, hint ?? tryIt);
    case "not started":
      throw failed(
        "it cannot be started",
        (isAwsRoleError(outcome.cause) ? outcome.cause.hint : undefined) ??
          `it runs without a shell; see awsrole config ${profileName}`,
        outcome.cause,
      );
    case "too much output":
      throw failed(
        `it prints more than ${kind.answer === "credentials" ? "" : "a "}${kind.answer}`,
        tryIt,
      );
    case "timed out":
      throw failed("it did not end in time", tryIt);
    case "aborted":
      throw failed("it was ended: the terminal belongs to another program", tryIt);
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

/** The error that another awsrole printed as the contract has it: a line with what went wrong, then one with what to do. */
function reasonOfAwsrole(printed = ""): readonly (string | undefined)[] {
  return /^awsrole: (.+)(?:\r?\nawsrole: hint: (.+))?/m.exec(printed) ?? [];
}

/** Never the command: there may be a password among its arguments. */
export function runItYourself({ profileName }: Pick<CommandOptions, "profileName">): string {
  return `run the command yourself to see why (awsrole config ${profileName} --show-origin says where it is)`;
}

/** ERR_PROCESS_FAILED for a command that gave no answer. */
export function commandFailed(
  { profileName }: Pick<CommandOptions, "profileName">,
  { key, answer }: Pick<CommandKind, "key" | "answer">,
  what: string,
  hint: string,
  cause?: unknown,
): AwsRoleError {
  return new AwsRoleError(
    "ERR_PROCESS_FAILED",
    `profile ${profileName}: ${key} returned no ${answer}: ${what}`,
    { hint, cause },
  );
}
