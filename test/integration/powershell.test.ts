/** What awsrole prints for PowerShell, parsed by PowerShell's grammar. It is not run: there is no PowerShell in Debian or the registries. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import { noPython, pythonEnv } from "../support/python-packages.ts";
import { createHome, type Home, runAwsrole, runCommand } from "../support/run-awsrole.ts";

/** Prints what the grammar does not know, a line for each. */
const parser = `
import sys, tree_sitter, tree_sitter_powershell
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
def walk(node):
    if node.is_error or node.is_missing:
        print(node.start_point.row + 1, node.type, node.text.decode()[:60].splitlines()[:1])
    for child in node.children: walk(child)
walk(parser.parse(sys.stdin.buffer.read()).root_node)
`;

const problemsOf = async (text: string): Promise<string> => {
  const words = ["python3", "-c", parser];
  const { stdout, stderr } = await runCommand(words, { env: pythonEnv, stdin: text });
  return stdout + stderr;
};

const noParser = noPython("tree_sitter", "tree_sitter_powershell");

describe.skipIf(noParser !== undefined)(titled("for PowerShell", noParser), () => {
  let home: Home;
  beforeAll(() => {
    home = createHome({
      config: "[profile acme%prod]\nregion = eu-west-1\n",
      credentials:
        "[acme%prod]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = it's $a `secret \"\n",
    });
  });
  afterAll(() => home.remove());

  it.each([
    ["init powershell"],
    ["init powershell --prompt"],
    ["completion powershell"],
    ["use --shell powershell acme%prod --region eu-west-2"],
    ["use --shell powershell --unset"],
    ["env acme%prod --shell powershell --long-term"],
    ["env --unset --shell powershell"],
  ])("%s prints what the grammar knows", async (words) => {
    const env = { ...home.env, AWS_PROFILE: "o'brien", AWS_ACCESS_KEY_ID: "AKIAOLD" };
    const { stdout, stderr, code } = await runAwsrole(words.split(" "), { env });
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).not.toBe("");
    expect(await problemsOf(stdout), stdout).toBe("");
  });

  it("is checked by a parser that finds a brace, a quote or a parenthesis that is missing", async () => {
    const words = ["use", "--shell", "powershell", "acme%prod"];
    const { stdout } = await runAwsrole(words, { env: home.env });
    for (const end of ["}", "'", ")"])
      expect(await problemsOf(stdout.replace(end, "")), end).not.toBe("");
  });
});
