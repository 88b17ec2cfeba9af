import { describe, expect, it } from "vitest";
import { requireSeparator } from "../../../src/cli/double-dash.ts";
import exec from "../../../src/commands/exec/index.ts";
import { isAwsRoleError } from "../../../src/foundation/errors.ts";

/** What is said about `awsrole WORDS`: the hint; undefined when No problems found. */
function hint(words: string, platform: NodeJS.Platform = "linux"): string | undefined {
  try {
    requireSeparator(exec, "exec", words.split("_"), { platform, isTerminal });
  } catch (error) {
    if (isAwsRoleError(error)) return error.hint;
  }
  return undefined;
}

const isTerminal = { stdin: false, stdout: false, stderr: false };
describe("the -- of exec", () => {
  it.each([
    ["exec_prod_aws_s3_ls", "awsrole exec prod -- aws s3 ls"],
    ["exec_prod_--serve_ls_-la", "awsrole exec prod --serve -- ls -la"],
    ["exec_--store_none_prod_ls", "awsrole exec --store none prod -- ls"],
    ["exec_--store=none_prod_ls", "awsrole exec --store=none prod -- ls"],
    ["exec_--profile_prod_aws_--profile_x", "awsrole exec --profile prod -- aws --profile x"],
    ["exec_prod_aws_--profile_x_--json", "awsrole exec prod -- aws --profile x --json"],
    ["exec_--no-input_prod_sh_-c_echo $X", "awsrole exec --no-input prod -- sh -c 'echo $X'"],
    ["exec_prod_echo_it's", "awsrole exec prod -- echo 'it'\\''s'"],
    ["exec_prod_echo_", "awsrole exec prod -- echo ''"],
  ])("%s: the corrected line", (words, corrected) => {
    expect(hint(words)).toBe(corrected);
  });

  it.each([
    ["exec_prod_aws_s3_ls", "exec_prod_--_aws_s3_ls"],
    ["exec_--store_none_prod_ls_-la", "exec_--store_none_prod_--_ls_-la"],
    ["exec_prod_git_checkout_--_file", "exec_prod_--_git_checkout_--_file"],
    ["exec_prod_--_ls", "exec_prod_--_ls"],
    ["exec_--_aws_s3_ls", "exec_--_aws_s3_ls"],
  ])("%s: on Windows, where PowerShell takes the first one away, it is put in", (words, whole) => {
    expect(
      requireSeparator(exec, "exec", words.split("_"), { platform: "win32", isTerminal }),
    ).toEqual(whole.split("_"));
  });

  it("cannot be put in where there is no command", () => {
    expect(hint("exec_prod", "win32")).toBe("usage: awsrole exec [NAME] -- COMMAND ...");
  });

  it.each(["exec", "exec_prod", "exec_prod_--", "exec_--"])("%s: a command is missing", (words) => {
    expect(hint(words)).toBe("usage: awsrole exec [NAME] -- COMMAND ...");
  });

  it.each(["exec_prod_--_ls", "exec_--_--"])("%s: fine", (words) => {
    expect(hint(words)).toBeUndefined();
  });
});
