/** Completion as people meet it: TAB in real shells. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import {
  createHome,
  type Home,
  program,
  runAwsrole,
  runCommand,
  notNode,
} from "../support/run-awsrole.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

let home: Home;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  home = createHome({
    config: [
      "[default]",
      "[profile prod]",
      `credential_process = touch ran`,
      "[profile team:prod@eu]",
      "[profile \u001B[31mred]",
      "",
    ].join("\n"),
    credentials: "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n",
  });
  const bin = join(home.path, "bin");
  mkdirSync(bin);
  const awsrole = join(bin, "awsrole");
  writeFileSync(awsrole, `#!/bin/sh\nexec ${program.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(awsrole, 0o755);
  writeFileSync(join(home.path, "policy.json"), "{}");
  env = { ...home.env, PATH: `${bin}:${process.env["PATH"]}`, TERM: "xterm" };
});
afterAll(() => home.remove());

const wordsOf = (stdout: string): string[] =>
  stdout
    .split("\n")
    .map((line) => line.replace(/\t.*/, ""))
    .filter(Boolean);

async function offered(...words: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await runAwsrole(["completion", "--words", ...words], { env });
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  return wordsOf(stdout);
}

/** The candidates by the shell's own machinery, for a line whose cursor is at its end. */
const complete: Record<"bash" | "fish", (line: string) => string> = {
  bash: (line) => `source <(awsrole completion bash)
    COMP_LINE='${line}'; COMP_POINT=${line.length}
    COMP_WORDS=(${line.replace(/ $/, " ''")}); COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _awsrole awsrole
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: (line) => `awsrole completion fish | source; complete -C '${line}'`,
};

describe("completion", () => {
  it("offers commands, the options of one, the words and profiles they take, and marks files and commands for the shell", async () => {
    expect(await offered("")).toEqual(expect.arrayContaining(["add-profile", "whoami", "help"]));
    expect(await offered("whoami", "--fo")).toEqual(
      expect.arrayContaining(["--force-refresh", "--no-input", "--help"]),
    );
    expect(await offered("whoami", "--json", "--")).not.toContain("--json");
    expect(await offered("env", "prod", "--shell", "")).toContain("fish");
    expect(await offered("add-profile", "x", "--source-profile", "")).toContain("bob");
    expect(await offered("add-profile", "")).toEqual([]);
    expect(await offered("list", "--store=")).toContain("--store=keychain");
    const { stdout } = await runAwsrole(
      ["completion", "--words", "add-profile", "x", "--policy-file", ""],
      { env },
    );
    expect(stdout).toBe("\tfiles\n");
  });

  it("offers the names of all profiles, never one that a terminal cannot show, and runs and asks nothing for it", async () => {
    expect(await offered("whoami", "")).toEqual(["default", "prod", "team:prod@eu", "bob"]);
    expect(existsSync(join(home.path, "ran"))).toBe(false);
    expect(existsSync(join(home.path, "state"))).toBe(false);
  });

  it("says nothing into the line being typed when the config cannot be read, or the words make no sense", async () => {
    const broken = { ...env, AWS_CONFIG_FILE: home.path };
    const words = ["completion", "--words", "whoami", ""];
    expect(await runAwsrole(words, { env: broken })).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(await offered("nonsense", "")).toEqual([]);
    expect(await offered("whoami", "prod", "--", "")).toEqual([]);
    expect(await offered()).toContain("whoami");
  });

  for (const shell of ["bash", "fish"] as const) {
    const reason = missing(shell, ["-c", "exit 0"]);
    it.skipIf(reason !== undefined)(
      titled(`works in ${shell}: commands, options, choices, profiles, files`, reason),
      async () => {
        const inShell = async (line: string): Promise<string[]> => {
          const run = await runCommand([shell, "-c", complete[shell](line)], {
            env,
            cwd: home.path,
          });
          expect(run.stderr).toBe("");
          return wordsOf(run.stdout);
        };
        expect(await inShell("awsrole who")).toEqual(["whoami"]);
        expect(await inShell("awsrole whoami --force-r")).toEqual(["--force-refresh"]);
        expect(await inShell("awsrole env --shell fi")).toEqual(["fish"]);
        expect(await inShell("awsrole whoami pro")).toEqual(["prod"]);
        expect(await inShell("awsrole whoami bo")).toEqual(["bob"]);
        expect(await inShell("awsrole add-profile x --policy-file pol")).toEqual(["policy.json"]);
        expect(await inShell("awsrole exec prod -- printen")).toContain("printenv");
      },
    );
  }

  const typed = {
    bash: { start: "bash --norc", setUp: 'eval "$(awsrole completion bash)"' },
    zsh: {
      start: "zsh -f",
      setUp: "autoload -U compinit; compinit -u -D; source <(awsrole completion zsh)",
    },
  };
  for (const [shell, { start, setUp }] of Object.entries(typed)) {
    const reason = noTerminal ?? missing(shell, ["-c", "exit 0"]);
    it.skipIf(reason !== undefined)(
      titled(
        `TAB in ${shell} in a terminal: a command, names with : and @, a choice, a file`,
        reason,
      ),
      async () => {
        const terminal = openTerminal(env);
        try {
          terminal.enter(`cd ${home.path}; PS1='> ' ${start}`);
          terminal.enter(`PS1='> '; ${setUp}; clear; echo re''ady`);
          await terminal.waitFor(/^ready$/m);
          const tab = async (line: string, becomes: RegExp): Promise<void> => {
            terminal.type(line);
            terminal.press("Tab");
            await terminal.waitFor(becomes);
            terminal.press("C-u");
          };
          await tab("awsrole who", /awsrole whoami/);
          await tab("awsrole whoami team:pr", /whoami team:prod@eu/);
          await tab("awsrole env --shell=po", /--shell=powershell/);
          await tab("awsrole exec prod -- printen", /prod -- printenv/);
          await tab("awsrole add-profile x --policy-file po", /--policy-file policy\.json/);
        } finally {
          terminal.close();
        }
      },
    );
  }

  it.skipIf(notNode !== undefined)(
    titled("loads neither the command-line parser nor the AWS SDK for it", notNode),
    async () => {
      const hook =
        "export const resolve = (name, c, next) => (process._rawDebug(name), next(name, c));";
      const register = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;
      const { stderr, stdout } = await runAwsrole(["completion", "--words", "exec", ""], {
        env: {
          ...env,
          NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(register)}`,
        },
      });
      expect(stdout).toContain("prod\t");
      expect(stderr).toContain("cli.js");
      expect(stderr).not.toMatch(/yargs|@aws-sdk|@napi-rs|@clack/);
    },
  );

  it("names the shells there are scripts for, and the nearest", async () => {
    const wrong = await runAwsrole(["completion", "bsh"], { env });
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain("choose from bash, zsh, fish, powershell");
  });
});
