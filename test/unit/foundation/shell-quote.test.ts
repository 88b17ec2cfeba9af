import { describe, expect, it } from "vitest";
import { commandLine, shellCommand, shellQuote } from "../../../src/foundation/shell-quote.ts";

describe("a command line to copy", () => {
  it("has quotes around the words that need them", () => {
    expect(commandLine("chmod", "700", "/Users/me/Library/Application Support/awsrole")).toBe(
      "chmod 700 '/Users/me/Library/Application Support/awsrole'",
    );
    expect(commandLine("echo", "it's", "")).toBe(String.raw`echo 'it'\''s' ''`);
  });

  it("is one that cmd and PowerShell read, on Windows", () => {
    expect(shellCommand(["type", "C:\\Users\\José García\\x", "C:\\a"], "win32")).toBe(
      String.raw`type "C:\Users\José García\x" C:\a`,
    );
    expect(shellQuote("", "win32")).toBe('""');
  });
});
