/** The line in the config is read by awsrole's own few lines, as yargs costs a program too much: each thing that can be wrong with it. */
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../../src/commands/credential-process.ts";

describe("the words behind credential-process", () => {
  it.each<[string[], string]>([
    [[], "--profile is missing"],
    [["--no-input"], "--profile is missing"],
    [["--profile"], "--profile needs a value"],
    [["--profile="], "--profile needs a value"],
    [["--profile", ""], "--profile needs a value"],
    [["--profile", "--store", "none"], "--profile needs a value"],
    [["--profile", "p", "--store"], "--store needs a value"],
    [["--profile", "p", "--profile", "q"], "--profile is given twice"],
    [["--profile", "p", "--no-input", "--no-input"], "--no-input is given twice"],
    [["--profile", "p", "--profil", "q"], "unknown option --profil"],
    [["--profile", "p", "--input"], "unknown option --input"],
    [["--profile", "p", "--quiet"], "unknown option --quiet"],
    [["--profile", "p", "--force-refresh=yes"], "--force-refresh takes no value"],
    [["--profile", "p", "prod"], "unexpected argument prod"],
    [["prod"], "unexpected argument prod"],
    [["-p", "prod"], "unexpected argument -p"],
  ])("%j: %s", (words, problem) => {
    expect(() => parseArguments(words)).toThrow(
      expect.objectContaining({
        code: "ERR_USAGE",
        message: `credential-process: ${problem}`,
        hint: expect.stringMatching(/^usage: awsrole credential-process --profile NAME /) as string,
      }),
    );
  });

  it("are read in either spelling, a value that begins with a dash behind =", () => {
    const words = ["--profile=-odd", "--store", "file", "--no-input", "--mfa-code=123456"];
    expect(parseArguments([...words, "--force-refresh", "--debug"])).toEqual({
      profile: "-odd",
      store: "file",
      mfaCode: "123456",
      input: false,
      forceRefresh: true,
    });
    expect(parseArguments(["--profile", "p"])).toEqual({
      profile: "p",
      store: undefined,
      mfaCode: undefined,
      input: true,
      forceRefresh: false,
    });
  });
});
