/**
 * `exec --each`: a command once for every profile that matches. Its rules:
 *
 * - A few at a time; the first MFA code is asked for before the others start, so that roles of one device share it.
 * - Lines of output are labelled with the profile, whole lines only. Standard input is empty: the commands would steal it from each other.
 * - One that fails does not keep the others from running; the exit code is the first one that is not 0, in the profiles' order.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Context } from "../../foundation/context.ts";
import { AwsRoleError, exitCodeOf, isAwsRoleError } from "../../foundation/errors.ts";
import { escapeControls } from "../../foundation/text.ts";
import { invocationOf } from "../../foundation/windows-executable.ts";

const atOnce = 4;

export type EachCommand = {
  readonly profiles: readonly string[];
  readonly words: readonly string[];
  /** The command's whole environment for a profile. @throws AwsRoleError. */
  readonly environmentOf: (profile: string) => Promise<Readonly<Record<string, string>>>;
  /** Progress, for a person. */
  readonly notice: (text: string) => void;
};

/** The profiles that match `pattern`, in which `*` matches any text. @throws ERR_PROFILE_NOT_FOUND when there is none. */
export function matchingProfiles(names: readonly string[], pattern: string): readonly string[] {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const whole = new RegExp(`^${parts.join(".*")}$`, "s");
  const matches = names.filter((name) => whole.test(name));
  if (matches.length > 0) return matches;
  throw new AwsRoleError("ERR_PROFILE_NOT_FOUND", `no profile matches ${pattern}`, {
    hint: "quote the pattern; awsrole list shows your profiles",
  });
}

/** Runs it for each; the exit code. */
export async function runEach(context: Context, command: EachCommand): Promise<number> {
  const { profiles, notice } = command;
  const codes = new Map<string, number>();
  const run = async (profile: string): Promise<void> => {
    codes.set(profile, await runOne(context, command, profile));
    notice(`${codes.size} of ${profiles.length}: ${profile} exited with ${codes.get(profile)}`);
  };
  const [first, ...others] = profiles;
  if (first !== undefined) await run(first);
  const waiting = others.values();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, others.length) }, async () => {
      for (const profile of waiting) await run(profile);
    }),
  );
  const failed = profiles.filter((profile) => codes.get(profile) !== 0);
  if (failed.length > 0)
    notice(`failed for ${failed.length} of ${profiles.length}: ${failed.join(", ")}`);
  return codes.get(failed[0] ?? "") ?? 0;
}

async function runOne(
  context: Context,
  { words, environmentOf }: EachCommand,
  profile: string,
): Promise<number> {
  const label = `${escapeControls(profile)}: `;
  const fail = (error: AwsRoleError): number => {
    context.stderr(`${label}awsrole: ${escapeControls(error.message)}\n`);
    if (error.hint !== undefined)
      context.stderr(`${label}awsrole: hint: ${escapeControls(error.hint)}\n`);
    return exitCodeOf(error, "exec");
  };
  try {
    const env = await environmentOf(profile);
    return await runLabelled(context, words, env, label);
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return fail(error);
  }
}

function runLabelled(
  context: Context,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  label: string,
): Promise<number> {
  const { file, args, isVerbatim } = invocationOf(words, {
    what: "exec",
    env,
    platform: context.platform,
  });
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      windowsVerbatimArguments: isVerbatim,
    });
    const copied = Promise.all([
      copyLines(child.stdout, (line) => context.stdout(`${label}${line}\n`)),
      copyLines(child.stderr, (line) => context.stderr(`${label}${line}\n`)),
    ]);
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const isMissing = cause.code === "ENOENT";
      reject(
        new AwsRoleError(
          isMissing ? "ERR_COMMAND_NOT_FOUND" : "ERR_COMMAND_NOT_EXECUTABLE",
          isMissing ? `exec: ${words[0]} was not found` : `exec: ${words[0]} cannot be executed`,
          { cause },
        ),
      );
    });
    child.once("close", (code, signal) => {
      copied.then(
        () => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
        reject,
      );
    });
  });
}

/** The command's own text, as it is: only the label is ours. */
async function copyLines(stream: Readable, write: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) write(line);
}
