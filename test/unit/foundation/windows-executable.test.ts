import { describe, expect, it } from "vitest";
import {
  findOnWindows,
  invocationOf,
  systemProgram,
} from "../../../src/foundation/windows-executable.ts";
import { isAwsRoleError } from "../../../src/foundation/errors.ts";

const files = new Set([
  "C:\\Program Files\\AWS\\aws.exe",
  "C:\\node\\npm.cmd",
  "C:\\node\\both.CMD",
  "C:\\tools\\both.EXE",
  "C:\\tools\\script.PS1",
  "C:\\tools\\tool",
  "C:\\work\\run.bat",
]);
/** Found whatever its case, as on Windows. */
const accepts = (path: string): boolean =>
  [...files].some((file) => file.toLowerCase() === path.toLowerCase());
const env = {
  Path: '"C:\\Program Files\\AWS";C:\\node;.;relative;C:\\tools',
  PATHEXT: ".COM;.EXE;.BAT;.CMD;.PS1",
  SystemRoot: "C:\\Windows",
};
const find = (...words: string[]): ReturnType<typeof findOnWindows> =>
  findOnWindows(words, env, { what: "exec", accepts });
const failure = (...words: string[]): string => {
  try {
    find(...words);
  } catch (error) {
    if (isAwsRoleError(error)) return `${error.code}: ${error.message}`;
  }
  return "";
};
const cmd = (line: string): ReturnType<typeof findOnWindows> => ({
  file: "C:\\Windows\\System32\\cmd.exe",
  args: ["/d", "/e:on", "/v:off", "/s", "/c", line],
  isVerbatim: true,
});

describe("a command on Windows", () => {
  it("is found on PATH by the endings of PATHEXT, and started by its full path", () => {
    expect(find("aws", "s3", 'a "b"')).toEqual({
      file: "C:\\Program Files\\AWS\\aws.EXE",
      args: ["s3", 'a "b"'],
      isVerbatim: false,
    });
    expect(find("aws.exe").file).toBe("C:\\Program Files\\AWS\\aws.exe");
  });

  it("comes from the first folder that has one, whatever its ending", () => {
    expect(find("both")).toEqual(cmd('""C:\\node\\both.CMD""'));
  });

  it("never comes from the current folder, nor from a relative one on PATH", () => {
    const asked: string[] = [];
    expect(() =>
      findOnWindows(["aws"], env, { what: "exec", accepts: (path) => asked.push(path) === 0 }),
    ).toThrow("aws was not found");
    expect(asked.every((path) => path.startsWith("C:\\"))).toBe(true);
  });

  it("may be a path, with or without its ending", () => {
    expect(find("C:\\work\\run").args.at(-1)).toBe('""C:\\work\\run.BAT""');
    expect(find("C:\\work\\run.bat").args.at(-1)).toBe('""C:\\work\\run.bat""');
  });

  it("that is a batch file is run by cmd.exe, every word quoted", () => {
    expect(find("npm", "run", "a b", "x&calc", "^", "(1|2)>y", "!PATH!", "dir\\", "")).toEqual(
      cmd('""C:\\node\\npm.CMD" "run" "a b" "x&calc" "^" "(1|2)>y" "!PATH!" "dir\\\\" """'),
    );
  });

  it.each(['"&calc', "%PATH%", "%", "a\nb", "a\rb", "\u001a"])(
    "that is a batch file is not given the word %j, which cmd.exe would read",
    (word) => {
      expect(failure("npm", word)).toMatch(
        /^ERR_COMMAND_NOT_EXECUTABLE: exec: C:\\node\\npm.CMD cannot be executed: it is a batch file/,
      );
    },
  );

  it("that is neither says so", () => {
    expect(failure("script")).toBe(
      "ERR_COMMAND_NOT_EXECUTABLE: exec: script cannot be executed: C:\\tools\\script.PS1 is not a program",
    );
    expect(failure("tool")).toBe("ERR_COMMAND_NOT_FOUND: exec: tool was not found");
    expect(failure("C:\\nowhere\\aws.exe")).toMatch(/^ERR_COMMAND_NOT_FOUND/);
  });

  it("is named after who wants it", () => {
    expect(() => findOnWindows(["tool"], env, { what: "mfa_process", accepts })).toThrow(
      /^mfa_process: tool was not found$/,
    );
  });
});

describe("a program of Windows itself", () => {
  it("is below SystemRoot, whatever that is called, never in the current folder", () => {
    expect(systemProgram({ SYSTEMROOT: "D:\\Win" }, "cmd.exe")).toBe("D:\\Win\\System32\\cmd.exe");
    expect(systemProgram({}, "cmd.exe")).toBe("C:\\Windows\\System32\\cmd.exe");
  });
});

describe("a command elsewhere", () => {
  it("is started as it is", () => {
    expect(invocationOf(["aws", "s3", 'a "b"'], { what: "exec", env, platform: "linux" })).toEqual({
      file: "aws",
      args: ["s3", 'a "b"'],
      isVerbatim: false,
    });
  });
});
