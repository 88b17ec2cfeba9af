/** Words as they are typed in a shell: for advice that people copy, never for what awsrole starts itself. */

/** A command line for the platform's shell: on Windows what cmd and PowerShell both read, elsewhere what every POSIX shell does. */
export function shellCommand(
  words: readonly string[],
  platform: NodeJS.Platform = "linux",
): string {
  return words.map((word) => shellQuote(word, platform)).join(" ");
}

/** A command line for a POSIX shell. */
export function commandLine(...words: readonly string[]): string {
  return shellCommand(words);
}

/** One word, in quotes where it needs them. */
export function shellQuote(word: string, platform: NodeJS.Platform = "linux"): string {
  if (platform === "win32") return /^[\w@%+=:,.\\/-]+$/.test(word) ? word : `"${word}"`;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
