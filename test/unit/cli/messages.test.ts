import { describe, expect, it } from "vitest";
import { printDone, printError, printNotice, printWarning } from "../../../src/cli/messages.ts";

type Output = Parameters<typeof printError>[0];

function printed(
  isTerminal: boolean,
  print: (context: Output) => void,
  env: NodeJS.ProcessEnv = { NO_COLOR: "1" },
): string {
  let text = "";
  print({
    env,
    homeFolder: "/home/bob",
    isTerminal: { stdin: isTerminal, stdout: isTerminal, stderr: isTerminal },
    stderr: (part) => (text += part),
  });
  return text;
}

const long = Array.from({ length: 30 }, (_, index) => `word${index}`).join(" ");

describe("a message", () => {
  it("into a pipe is the lines of the contract", () => {
    expect(
      printed(false, (to) => printError(to, { message: long, hint: "run: awsrole list" })),
    ).toBe(`awsrole: ${long}\nawsrole: hint: run: awsrole list\n`);
    expect(printed(false, (to) => printWarning(to, "x"))).toBe("awsrole: warning: x\n");
    expect(printed(false, (to) => printNotice(to, "x"))).toBe("awsrole: x\n");
  });

  it("for an SDK is the same on a terminal", () => {
    const text = printed(
      true,
      (to) => printError(to, { message: "m", hint: "h" }, { isForProgram: true }),
      {},
    );
    expect(text).toBe("awsrole: m\nawsrole: hint: h\n");
  });

  it("on a terminal has a label, is wrapped at words and indented", () => {
    const text = printed(true, (to) => printError(to, { message: long }));
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^error: word0 word1 /);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}word/);
    expect(text.replace("error: ", "").split(/\s+/).filter(Boolean).join(" ")).toBe(long);
  });

  it("on a terminal has a command to copy on a line of its own, whole", () => {
    const command = `awsrole add-profile prod --role-arn arn:aws:iam::123456789012:role/example-role --source-profile bob`;
    for (const [hint, before] of [
      [`try again with: ${command}`, "hint: try again with:\n"],
      [`run ${command}`, "hint: run\n"],
      [command, "hint: run:\n"],
    ] as const)
      expect(printed(true, (to) => printError(to, { message: "m", hint }))).toBe(
        `error: m\n${before}    ${command}\n`,
      );
  });

  it("on a terminal has each of several commands on a line of its own, and remarks apart", () => {
    const hint = "aws iam a --b (scan it); awsrole c; then run the same command again";
    expect(printed(true, (to) => printError(to, { message: "m", hint }))).toBe(
      "error: m\nhint: one after the other, run:\n    aws iam a --b\n  scan it\n    awsrole c\n  then run the same command again\n",
    );
    const evaluated = 'run eval "$(awsrole env prod)" (or add --force)';
    expect(printed(true, (to) => printError(to, { message: "m", hint: evaluated }))).toBe(
      'error: m\nhint: run\n    eval "$(awsrole env prod)"\n  or add --force\n',
    );
    expect(printed(false, (to) => printError(to, { message: "m", hint }))).toBe(
      `awsrole: m\nawsrole: hint: ${hint}\n`,
    );
  });

  it("on a terminal leaves a hint that is a sentence in one piece", () => {
    for (const hint of [
      "run awsrole list to see your profiles",
      "did you mean prod?",
      "wait, then run awsrole doctor, or ask",
    ])
      expect(printed(true, (to) => printError(to, { message: "m", hint }))).toBe(
        `error: m\nhint: ${hint}\n`,
      );
  });

  it("on a terminal writes ~ for the home folder, where a shell takes it back", () => {
    const message = "see /home/bob/.aws/config, '/home/bob/a b' and /home/bobby/x (/home/bob/y)";
    expect(printed(true, (to) => printNotice(to, message))).toBe(
      "see ~/.aws/config, '/home/bob/a b' and /home/bobby/x (~/y)\n",
    );
    expect(printed(false, (to) => printNotice(to, message))).toBe(`awsrole: ${message}\n`);
  });

  it("about what was done is wrapped at words on a terminal, and one line in a pipe", () => {
    const done = (stdout: boolean): string => {
      let text = "";
      printDone(
        {
          homeFolder: "/home/bob",
          isTerminal: { stdin: stdout, stdout, stderr: stdout },
          stdout: (part) => (text += part),
        },
        `wrote /home/bob/x: ${long}`,
      );
      return text;
    };
    expect(done(false)).toBe(`wrote /home/bob/x: ${long}\n`);
    const lines = done(true).trimEnd().split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.join(" ")).toBe(`wrote ~/x: ${long}`);
  });

  it("has colours where they are wanted", () => {
    const print = (to: Output): void => printError(to, { message: "m", hint: "run: awsrole list" });
    expect(printed(true, print, {})).toContain("\u001B[31m");
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }])
      expect(printed(true, print, env)).not.toContain("\u001B");
    expect(printed(false, print, {})).not.toContain("\u001B");
  });

  it("moves no cursor, whatever is in it", () => {
    for (const isTerminal of [true, false])
      expect(
        printed(isTerminal, (to) =>
          printError(to, { message: "a\u001B[2Jb\u202E", hint: "\u009B" }),
        ),
      ).not.toMatch(
        // oxlint-disable-next-line no-control-regex -- these are the characters it is about
        /[\u001B\u0080-\u009F\u202E]/,
      );
  });
});
