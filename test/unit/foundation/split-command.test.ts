import { describe, expect, it } from "vitest";
import { splitCommand } from "../../../src/foundation/split-command.ts";

describe("a command line without a shell", () => {
  // The expected words are Python's shlex.split of the same line.
  it.each([
    ["pass otp aws", ["pass", "otp", "aws"]],
    ["  a\t b\n", ["a", "b"]],
    [`'a b' "c d" e\\ f`, ["a b", "c d", "e f"]],
    [`a'b'"c"\\d`, ["abcd"]],
    [`"a\\"b\\\\c\\d"`, ['a"b\\c\\d']],
    [`'a\\b'`, ["a\\b"]],
    [`"" ''`, ["", ""]],
    // Only these separate: what else looks like a space belongs to a word, as Python's shlex has it.
    ["a\tb\r\nc\u00a0d\u2003e\vf\fg", ["a", "b", "c\u00a0d\u2003e\vf\fg"]],
    ["echo $HOME; rm -rf ~ | cat > x", ["echo", "$HOME;", "rm", "-rf", "~", "|", "cat", ">", "x"]],
  ])("by POSIX rules: %s", (line, words) => {
    expect(splitCommand(line, "linux")).toEqual(words);
  });

  it.each(["", "  ", "'a", '"a', "a\\"])("has no words in %j", (line) => {
    expect(splitCommand(line, "linux")).toBeUndefined();
  });

  // The examples of Microsoft's page on parsing C command-line arguments.
  it.each([
    ['"abc" d e', ["abc", "d", "e"]],
    ['a\\\\b d"e f"g h', ["a\\\\b", "de fg", "h"]],
    ['a\\\\\\"b c d', ['a\\"b', "c", "d"]],
    ['a\\\\\\\\"b c" d e', ["a\\\\b c", "d", "e"]],
    ['"C:\\Program Files\\op.exe" item "a b"', ["C:\\Program Files\\op.exe", "item", "a b"]],
    ['C:\\x\\ "" y', ["C:\\x\\", "", "y"]],
  ])("by Microsoft's rules: %s", (line, words) => {
    expect(splitCommand(line, "win32")).toEqual(words);
  });
});
