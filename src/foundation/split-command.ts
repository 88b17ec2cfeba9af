/**
 * A command line from a config file as a list of words, without a shell: nothing in it is expanded, piped or redirected.
 *
 * POSIX: spaces, tabs and line ends separate, no other white space; '…' is literal; "…" knows \" and \\; elsewhere a backslash takes the next character as it is (Python's
 * shlex.split, which the AWS CLI uses). Windows: Microsoft's rules for C programs, where a backslash counts only before a quote
 * (learn.microsoft.com, "Parsing C command-line arguments").
 */

/** The words; `undefined` when a quote is not closed or there is no word. */
export function splitCommand(line: string, platform: NodeJS.Platform): string[] | undefined {
  const words = platform === "win32" ? splitWindows(line) : splitPosix(line);
  return words === undefined || words.length === 0 ? undefined : words;
}

function splitPosix(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    const next = line.charAt(at + 1);
    if (quote === "'") {
      if (character === "'") quote = "";
      else word += character;
    } else if (quote === '"') {
      if (character === '"') quote = "";
      else if (character === "\\" && (next === '"' || next === "\\")) {
        word += next;
        at += 1;
      } else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (character === "\\") {
      if (next === "") return undefined;
      word = (word ?? "") + next;
      at += 1;
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

function splitWindows(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (const [piece = "", backslashes = "", quotes, other] of line.matchAll(
    /(\\*)(?:(")|([^\\"])|$)/g,
  )) {
    if (piece === "") continue;
    if (quotes !== undefined) {
      word = (word ?? "") + "\\".repeat(Math.floor(backslashes.length / 2));
      if (backslashes.length % 2 === 1) word += '"';
      else isQuoted = !isQuoted;
      continue;
    }
    if (backslashes !== "") word = (word ?? "") + backslashes;
    if (other === undefined) continue;
    if (!isQuoted && (other === " " || other === "\t")) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + other;
  }
  if (isQuoted) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
