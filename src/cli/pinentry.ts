/**
 * A pinentry: the one graphical question. GnuPG's Assuan protocol on its stdin and stdout: we send a line, it answers
 * `D value` and then `OK` or `ERR code text` (gnupg.org/documentation/manuals/assuan).
 */
import type { Environment } from "../foundation/environment.ts";
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { AwsRoleError } from "../foundation/errors.ts";
import {
  type Answer,
  type Prompter,
  type PrompterResult,
  unavailable,
} from "../foundation/prompter.ts";
import { escapeControls } from "../foundation/text.ts";

/** A pinentry that can show a window here, or why there is none. */
export function findPinentry(platform: NodeJS.Platform, env: Environment): PrompterResult {
  const needsDisplay = platform !== "win32" && platform !== "darwin";
  if (needsDisplay && !env["DISPLAY"] && !env["WAYLAND_DISPLAY"])
    return unavailable("there is no display for a pinentry");
  const names = { win32: ["pinentry.exe"], darwin: ["pinentry-mac", "pinentry"] };
  const program = (names[platform as "win32" | "darwin"] ?? ["pinentry"])
    .map((name) => findProgram(name, env["PATH"] ?? env["Path"] ?? ""))
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
      return ask(program, env, description, timeoutMs);
    },
  };
  return { kind: "prompter", prompter };
}

function findProgram(name: string, path: string): string | undefined {
  // An empty or relative entry would be the current folder, where anyone may have put a program that asks for the code.
  for (const folder of path.split(delimiter).filter((folder) => isAbsolute(folder))) {
    const program = join(folder, name);
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

function ask(
  program: string,
  env: Environment,
  description: string,
  timeoutMs: number,
): Promise<Answer> {
  const lines = [
    "SETTITLE awsrole",
    `SETDESC ${encode(description)}`,
    "SETPROMPT MFA code",
    `SETTIMEOUT ${Math.max(1, Math.floor(timeoutMs / 1000))}`,
    "GETPIN",
    "BYE",
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [], { env: { ...env }, stdio: ["pipe", "pipe", "ignore"] });
    let output = "";
    const timer = setTimeout(() => {
      child.kill();
      resolve({ kind: "unanswered" });
    }, timeoutMs);
    const failed = (what: string, cause?: unknown): AwsRoleError =>
      new AwsRoleError("ERR_PROCESS_FAILED", `${program} ${what}`, {
        hint: "install a pinentry with a window, or set awsrole_mfa_prompt = terminal",
        cause,
      });
    child.once("error", (cause) => {
      clearTimeout(timer);
      reject(failed("cannot be started", cause));
    });
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("close", () => {
      clearTimeout(timer);
      const answer = readAnswer(output);
      if (answer === undefined) reject(failed("could not ask"));
      else resolve(answer);
    });
    child.stdin.end(`${lines.join("\n")}\n`);
  });
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
