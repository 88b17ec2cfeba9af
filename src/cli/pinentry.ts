/**
 * A pinentry: the one graphical question. GnuPG's Assuan protocol on its stdin and stdout: we send a line, it answers
 * `D value` and then `OK` or `ERR code text` (gnupg.org/documentation/manuals/assuan).
 */
import type { Environment } from "../foundation/environment.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { findOnPath, isExecutable } from "../foundation/find-executable.ts";
import {
  type Answer,
  type Prompter,
  type PrompterResult,
  unavailable,
} from "../foundation/prompter.ts";
import { runProcess } from "../foundation/run-process.ts";
import { escapeControls } from "../foundation/text.ts";

/** Far more than a conversation of one question needs. */
const mostOutputCharacters = 64_000;

/** A pinentry that can show a window here, or why there is none. */
export function findPinentry(platform: NodeJS.Platform, env: Environment): PrompterResult {
  const needsDisplay = platform !== "win32" && platform !== "darwin";
  if (needsDisplay && !env["DISPLAY"] && !env["WAYLAND_DISPLAY"])
    return unavailable("there is no display for a pinentry");
  const names = { win32: ["pinentry.exe"], darwin: ["pinentry-mac", "pinentry"] };
  const program = (names[platform as "win32" | "darwin"] ?? ["pinentry"])
    .map((name) => findOnPath([name], { env, platform, accepts: isExecutable }).next().value)
    .find((path) => path !== undefined);
  if (program === undefined) return unavailable("there is no pinentry program");
  let notice = "";
  const prompter: Prompter = {
    terminal: undefined,
    // A window closes after each answer: the next one shows what there is to say.
    notify: (text) => {
      notice = text;
    },
    ask: ({ why, question, timeoutMs }) => {
      const description = [notice, why, question.replace(/: $/, "")].filter(Boolean).join("\n");
      notice = "";
      return ask(program, { env, platform, description, timeoutMs });
    },
  };
  return { kind: "prompter", prompter };
}

type Question = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly description: string;
  readonly timeoutMs: number;
};

async function ask(
  program: string,
  { env, platform, description, timeoutMs }: Question,
): Promise<Answer> {
  const lines = [
    "SETTITLE awsrole",
    `SETDESC ${encode(description)}`,
    "SETPROMPT MFA code",
    `SETTIMEOUT ${Math.max(1, Math.floor(timeoutMs / 1000))}`,
    "GETPIN",
    "BYE",
  ];
  const outcome = await runProcess({
    words: [program],
    what: "pinentry",
    env,
    platform,
    timeoutMs,
    mostCharacters: mostOutputCharacters,
    input: `${lines.join("\n")}\n`,
    isGraphical: true,
  });
  if (outcome.kind === "timed out") return { kind: "unanswered" };
  if (outcome.kind === "not started") throw failed("cannot be started", outcome.cause);
  const answer = outcome.kind === "exited" ? readAnswer(outcome.output) : undefined;
  if (answer === undefined) throw failed("could not ask");
  return answer;

  function failed(what: string, cause?: unknown): AwsRoleError {
    return new AwsRoleError("ERR_PROCESS_FAILED", `${program} ${what}`, {
      hint: "install a pinentry with a window, or set awsrole_mfa_prompt = terminal",
      cause,
    });
  }
}

/** GnuPG's error codes, in the low 16 bits. */
const errors = { timeout: 62, cancelled: 99, fullyCancelled: 114 };

/** What the conversation came to; undefined when no question was shown. */
function readAnswer(output: string): Answer | undefined {
  const value = /^D (.*)$/m.exec(output)?.[1];
  if (value !== undefined)
    return { kind: "answer", text: value.replaceAll(/%([0-9A-F]{2})/gi, decode) };
  const error = /^ERR (\d+)/m.exec(output)?.[1];
  if (error === undefined) return /^OK/m.test(output) ? { kind: "refused" } : undefined;
  const code = Number(error) & 0xffff;
  if (code === errors.timeout) return { kind: "unanswered" };
  const isRefused = code === errors.cancelled || code === errors.fullyCancelled;
  return isRefused ? { kind: "refused" } : undefined;
}

function decode(_escape: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function encode(text: string): string {
  return escapeControls(text, { keepLineFeeds: true })
    .replaceAll("%", "%25")
    .replaceAll("\n", "%0A");
}
