/**
 * Another program's `credential_process`: run without a shell, as the AWS CLI runs it, and ended with the deadline.
 *
 * AWSROLE_CHAIN tells the child (and its children) which profiles are being resolved, so that a command that leads back to awsrole for one of
 * them fails at once instead of waiting for itself or forking without end.
 */
import type { Environment } from "../../foundation/environment.ts";
import { type Credentials, formatExpiration } from "../../aws/credentials.ts";
import { type ChildProcess, spawn } from "node:child_process";
import { awsroleFile } from "../../config/awsrole-file.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { cyclicProfiles } from "../chain.ts";
import { invocationOf } from "../../foundation/windows-executable.ts";
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
      "its answer is not the JSON of credential_process",
      "it must print one object with Version 1, AccessKeyId and SecretAccessKey, and Expiration as 2026-01-31T12:00:00Z if they end",
    );
  }
  const { expiresAt } = credentials;
  if (expiresAt !== undefined && expiresAt <= options.now()) {
    throw failed(
      options,
      `it gave credentials that ended at ${formatExpiration(expiresAt)}`,
      `try it by itself: ${options.command}`,
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

function run(options: ProcessOptions): Promise<string> {
  const { command, platform, env, inFlight, deadline } = options;
  const [program, ...words] = splitCommand(command, platform) ?? [];
  if (program === undefined)
    return Promise.reject(failed(options, "it cannot be read", "close its quotes"));
  const chain = [...(env["AWSROLE_CHAIN"] ?? "").split(","), ...inFlight].filter(
    (name) => name !== "",
  );
  // The child would find the cycle as well, but its message is not read.
  const again = profileOfAwsrole(program, words);
  if (again !== undefined && chain.includes(again))
    return Promise.reject(cyclicProfiles(chain, again));
  // Never with its words: there may be a password among them.
  const tryIt = `run it by itself: see awsrole config ${options.profileName}`;
  return new Promise((resolve, reject) => {
    // Its stderr may hold anything, secrets too: it is not read.
    let child: ChildProcess;
    try {
      const { file, args, isVerbatim } = invocationOf([program, ...words], {
        what: "credential_process",
        env,
        platform,
      });
      child = spawn(file, args, {
        env: { ...env, AWSROLE_CHAIN: chain.join(",") },
        stdio: ["ignore", "pipe", "ignore"],
        windowsHide: true,
        windowsVerbatimArguments: isVerbatim,
      });
    } catch (error) {
      // Most failures come as an event, some at once: a file for a folder in the path, what is no program on Windows.
      const hint = isAwsRoleError(error) ? error.hint : undefined;
      reject(failed(options, "it cannot be started", hint ?? tryIt, error));
      return;
    }
    let output = "";
    const end = (error: AwsRoleError | undefined): void => {
      clearTimeout(timer);
      child.stdout?.destroy();
      if (error === undefined) resolve(output);
      else {
        child.kill("SIGKILL");
        child.unref();
        reject(error);
      }
    };
    const timer = setTimeout(
      () => end(failed(options, "it did not end in time", tryIt)),
      deadline.remainingMs(),
    );
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length > mostOutputCharacters)
        end(failed(options, "it prints more than credentials", tryIt));
    });
    child.once("error", (error) =>
      end(
        failed(
          options,
          "it cannot be started",
          `it is run without a shell; see awsrole config ${options.profileName}`,
          error,
        ),
      ),
    );
    child.once("close", (code, signal) =>
      end(
        code === 0
          ? undefined
          : failed(options, `it failed (${signal ?? `exit code ${code}`})`, tryIt),
      ),
    );
  });
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

function failed(
  { profileName }: ProcessOptions,
  what: string,
  hint: string,
  cause?: unknown,
): AwsRoleError {
  return new AwsRoleError(
    "ERR_PROCESS_FAILED",
    `profile ${profileName}: credential_process gave no credentials: ${what}`,
    { hint, cause },
  );
}
