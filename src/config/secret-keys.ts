/**
 * What in a config file is secret or may be, and so is masked wherever it would be shown, and kept nowhere else. Rules:
 *
 * - The values of three keys; also in a comment (an old key that was "switched off"), and on the lines that continue one.
 * - Anything that looks like a secret access key or a session token, wherever it is.
 * - Command lines of other programs: people write passwords and TOTP seeds into them. Only the program is shown; awsrole's own lines whole.
 */
import { awsroleFile } from "./awsrole-file.ts";

/** Keys whose values are secrets. */
export const secretKeys: ReadonlySet<string> = new Set([
  "aws_secret_access_key",
  "aws_session_token",
  "aws_security_token",
]);

/** Keys whose values are command lines. */
const commandKeys: ReadonlySet<string> = new Set([
  "credential_process",
  "mfa_process",
  "awsrole_mfa_process",
  "awsrole_saml_process",
]);

/** The value of a setting as people may see it. */
export function shownValue(key: string, value: string): string {
  if (secretKeys.has(key)) return "****";
  return commandKeys.has(key) ? maskCommand(value) : maskSecrets(value);
}

/** `text` with the secrets masked that an indented line has made part of another key's value. */
export function maskSecrets(text: string): string {
  return text.replaceAll(
    /\b(aws_(?:secret_access_key|session_token|security_token)\s*=\s*)\S+/gi,
    "$1****",
  );
}

/** A command line as people may see it: the program alone, unless it is awsrole's own line. */
export function maskCommand(line: string): string {
  const [program = "", rest = ""] = /^\s*("[^"]*"|'[^']*'|\S+)(.*)$/s.exec(line)?.slice(1) ?? [];
  // `PASSWORD=x program`: not a program at all, but people write it.
  const shown = program.includes("=") ? program.replace(/=.*/s, "=****") : program;
  return rest.trim() === "" || isOwnLine(line) ? shown + rest : `${shown} ****`;
}

/** Exactly what awsrole writes: its program (node and a script, or one file), and the profile. */
function isOwnLine(line: string): boolean {
  const [, program = "", script] =
    /^\s*("[^"]+"|\S+)(?: ("[^"]+"|\S+\.js|\/\S+))? credential-process --profile[ =]\S+\s*$/.exec(
      line,
    ) ?? [];
  return awsroleFile.test(script ?? program);
}

/** Why a line must not be kept: a secret, or the command line of another program. */
export type Sensitive = "secret" | "command";

/** For each line of a config file (or a part of one), whether it is sensitive. */
export function sensitiveLines(lines: readonly string[]): (Sensitive | undefined)[] {
  /** The value that indented lines continue; comments continue it, too, unless it is whole and harmless. */
  let open:
    | { readonly kind: Sensitive; readonly isComment: boolean; readonly takesComments: boolean }
    | undefined;
  return lines.map((line) => {
    const { comment, indent, key, value } = parts(line);
    const isComment = comment !== "";
    if (line.trim() === "") return undefined;
    const isContinued =
      open !== undefined && indent !== "" && (isComment ? open.takesComments : !open.isComment);
    if (secretKeys.has(key)) {
      open = { kind: "secret", isComment, takesComments: true };
      return value === "" ? undefined : "secret";
    }
    if (commandKeys.has(key)) {
      const isHarmless = value === "" || maskCommand(value) === value;
      open = {
        kind: "command",
        isComment,
        takesComments: isComment || value === "" || !isHarmless,
      };
      return isHarmless ? undefined : "command";
    }
    if (isContinued) return open?.kind;
    open = undefined;
    return looksSecret(line) ? "secret" : undefined;
  });
}

/** The lines with what is sensitive in them masked; line ends stay. */
export function maskLines(lines: readonly string[]): string[] {
  const sensitive = sensitiveLines(lines);
  return lines.map((line, index) => {
    const kind = sensitive[index];
    if (kind === undefined) return line;
    const end = /\r?\n$/.exec(line)?.[0] ?? "";
    const { before, value, key } = parts(line);
    if (kind === "command" && commandKeys.has(key)) return before + maskCommand(value) + end;
    if (secretKeys.has(key)) return `${before}****${end}`;
    // A line that continues a value, or a value by its looks.
    return `${/^[ \t]*[#;]*[ \t]*/.exec(line)?.[0] ?? ""}****${end}`;
  });
}

type Parts = {
  readonly comment: string;
  /** Blanks in front of the text, behind the comment's mark if there is one. */
  readonly indent: string;
  readonly key: string;
  /** Everything up to the value. */
  readonly before: string;
  readonly value: string;
};

function parts(line: string): Parts {
  const [, lead = "", comment = "", blanks = ""] = /^([ \t]*)([#;]*)([ \t]*)/.exec(line) ?? [];
  const indent = comment === "" ? lead : blanks;
  const setting = /^([ \t]*[#;]*[ \t]*([A-Za-z0-9_.-]+)[ \t]*[=:][ \t]*)(.*?)\s*$/s.exec(line);
  if (setting === null) return { comment, indent, key: "", before: "", value: "" };
  const [, before = "", key = "", value = ""] = setting;
  return { comment, indent, key: key.toLowerCase(), before, value };
}

/** A secret access key has 40 characters of base64; a session token many more. */
function looksSecret(line: string): boolean {
  return line
    .split(/[\s="',]+|(?<=^[^:]*):/)
    .some(
      (word) =>
        /^(?:[A-Za-z0-9/+]{40}|[A-Za-z0-9/+]{100,}={0,2})$/.test(word) &&
        /[a-z]/.test(word) &&
        /[A-Z]/.test(word),
    );
}
