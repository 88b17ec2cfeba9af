/** Help that teaches, and a command line that forgives: every command of the table, as it is typed. */
import type { Context } from "../../src/foundation/context.ts";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatHelp, formatStart } from "../../src/cli/help.ts";
import { helpTopics } from "../../src/commands/help-topics.ts";
import { commands, groups } from "../../src/commands/registry.ts";
import { processContext } from "../../src/context.ts";
import { missing, titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import {
  createHome,
  type Home,
  program,
  runAwsrole,
  runCommand,
  someProgram,
} from "../support/run-awsrole.ts";
import { runInProcess } from "../support/run-in-process.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

let sts: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  sts = await startAwsDouble();
  home = createRoleHome(sts, { settings: ["awsrole_mfa_process = touch ran"] });
  env = { ...home.env, AWSROLE_STORE: "plaintext" };
});
afterAll(async () => {
  await sts.close();
  await home.remove();
});

const all = await Promise.all(
  Object.entries(commands).map(async ([name, entry]) => ({
    name,
    summary: entry.summary,
    command: (await entry.load()).default,
  })),
);
/** Commands whose NAME need not exist yet. */
const makesProfile = new Set(["add-key", "setup"]);
/** What a command wants besides NAME before it looks for it. */
const moreWords: Readonly<Record<string, readonly string[]>> = {
  // The node that runs this may be one that adopt would not write.
  adopt: ["--command", someProgram],
  "edit-profile": ["--region", "eu-west-1"],
  exec: ["--", "true"],
  env: ["--shell", "bash"],
  export: ["--to-credentials-file"],
  use: ["--shell", "bash"],
  serve: [],
};
const run = (...words: string[]) => runInProcess(words, env);

describe("help", () => {
  it.each([
    [
      "nothing",
      "",
      "",
      ["login", "add-key NAME", "add-profile", "setup NAME --admin-profile ADMIN"],
    ],
    [
      "a key in plain text",
      "",
      "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n",
      ["add-key bob --from-credentials-file", "add-profile", "setup NAME --admin-profile bob"],
    ],
    [
      "a standard role",
      "[profile prod]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = bob\n",
      "",
      ["adopt prod"],
    ],
    [
      "an sso-session",
      "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n",
      "",
      ["login corp", "sync corp"],
    ],
    [
      "a managed role",
      "[profile prod]\nawsrole_role_arn = arn:aws:iam::123456789012:role/x\nawsrole_credential_source = Environment\n",
      "",
      ["whoami prod", "aws s3 ls --profile prod"],
    ],
  ])(
    "proposes to who types awsrole alone what fits %s",
    async (_, config, credentials, commands) => {
      const there = createHome({ config, credentials });
      const { code, stdout } = await runAwsrole([], { env: there.env });
      await there.remove();
      expect(code).toBe(0);
      const found = [...stdout.matchAll(/^ {2}(\S.*?)(?: {2,}|$)/gm)].map(([, command = ""]) =>
        command.replace("awsrole ", ""),
      );
      expect(found).toEqual(commands);
    },
  );

  it.each(helpTopics.map((topic) => [topic.name, topic] as const))(
    "explains the topic %s in 80 columns, with commands and options that there are",
    async (name, { title, text }) => {
      const { code, stdout } = await run("help", name);
      expect(code).toBe(0);
      expect(stdout.startsWith(`${title}\n\n`)).toBe(true);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
      expect((await run("--help")).stdout).toContain(`help ${name}`);
      const typed = text.split("\n").filter((line) => line.startsWith("  awsrole "));
      for (const line of typed) {
        const [, command = "", ...words] = line.replace(/ # .*/, "").trim().split(/\s+/);
        const found = all.find((one) => one.name === command)?.command;
        expect(found, line).toBeDefined();
        for (const word of words.filter((one) => one.startsWith("--")))
          expect(Object.keys(found?.options ?? {}), line).toContain(word.slice(2));
      }
    },
  );

  it("names the topics where one is mistyped", async () => {
    const { code, stderr } = await run("help", "nonsense");
    expect(code).toBe(2);
    for (const { name } of helpTopics) expect(stderr).toContain(name);
  });

  it("shows all commands on --help, each under one heading", async () => {
    const overview = await run("--help");
    expect(await run("help")).toEqual(overview);
    expect(await run("-h")).toEqual(overview);
    for (const { name, summary } of all) {
      const place = overview.stdout.replaceAll(/\s+/g, " ");
      expect(place).toContain(`${name} ${summary}`);
      expect(
        Object.values(groups)
          .flat()
          .filter((one) => one === name),
      ).toHaveLength(1);
    }
  });

  it.each(all)(
    "$name has a summary, an example, and says what each option does",
    ({ summary, command }) => {
      expect(command.summary).toBe(summary);
      expect(summary).toMatch(/^[^A-Z.][^\n]*[^.\n]$/);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const { command: line, says } of command.examples)
        expect([line, says]).not.toContain("");
      for (const option of Object.values(command.options ?? {}))
        expect(option.describe).toMatch(/^\S[^\n]*[^.\s]$/);
    },
  );

  it("says what an option's value is, where its name does not", async () => {
    expect((await run("help", "whoami")).stdout).toContain("--expect ARN ");
    expect((await run("help", "add-profile")).stdout).toContain("--tag KEY=VALUE ");
  });

  it.each(all)("$name runs nothing under --help, wherever it is", async ({ name, command }) => {
    const before = snapshot(home.path);
    const page = await run("help", name);
    expect(page).toMatchObject({ code: 0, stderr: "" });
    expect(page.stdout).toContain(`Usage: awsrole ${command.usage.split(" ")[0]}`);
    const lines = [
      [name, "--help"],
      [name, "-h"],
      [name, "prod", "--help"],
      [name, "--all", "--force", "--json", "-h", "prod", "other"],
      ["--help", name, "prod", "--", "touch", "ran"],
      [name, "--help=false", "prod"],
    ];
    for (const words of lines) expect(await run(...words)).toEqual(page);
    expect(snapshot(home.path)).toEqual(before);
    expect(sts.requests).toEqual([]);
    const isTooLong = (line: string): boolean => line.length > 80;
    const explained = page.stdout.split("\nExamples:")[0]?.split("\n").slice(1) ?? [];
    expect(explained.filter(isTooLong)).toEqual([]);
  });

  it("does the same for the credential-process of the built program, which has an entrance of its own", async () => {
    for (const words of [["--help"], ["--profile", "prod", "-h"]]) {
      const { stdout, code } = await runCommand([...program, "credential-process", ...words], {
        env,
      });
      expect(code).toBe(0);
      expect(stdout).toContain("Usage: awsrole credential-process --profile NAME");
    }
    expect(sts.requests).toEqual([]);
  });

  it("leaves --help after -- to the command that follows", async () => {
    expect((await run("list", "--", "--help")).stderr).toContain("takes no command after --");
  });

  it("has bold headings on a terminal only, and none with NO_COLOR or a dumb terminal", () => {
    const [first] = all;
    const show = (isTerminal: boolean, more: NodeJS.ProcessEnv = {}): string => {
      const context: Context = {
        ...processContext(),
        env: more,
        isTerminal: { stdin: isTerminal, stdout: isTerminal, stderr: isTerminal },
      };
      return (
        formatStart(context, []) + (first === undefined ? "" : formatHelp(context, first.command))
      );
    };
    expect(show(true)).toContain("\u001B[1m");
    for (const plain of [show(false), show(true, { NO_COLOR: "1" }), show(true, { TERM: "dumb" })])
      expect(plain).not.toContain("\u001B");
  });

  it("says so when its output cannot be written", async ({ skip }) => {
    skip(missing("test", ["-c", "/dev/full"]) !== undefined, "there is no /dev/full");
    const { code, stderr } = await runCommand(
      ["sh", "-c", `exec "$@" > /dev/full`, "sh", ...program, "list"],
      { env },
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "awsrole: the output cannot be written (ENOSPC)\n",
    });
  });

  it.skipIf(noTerminal !== undefined)(
    titled("fits the terminal, and goes through a pager and into a closed pipe", noTerminal),
    async () => {
      const terminal = openTerminal(env);
      const awsrole = program.join(" ");
      try {
        terminal.enter(`stty cols 50; ${awsrole} whoami --help; echo do''ne`);
        await terminal.waitFor(/^done$/m);
        const shown = terminal.screen().split("Usage: ")[1]?.split("\nExamples")[0] ?? "";
        expect(Math.max(...shown.split("\n").map((line) => line.length))).toBeLessThanOrEqual(50);
        terminal.enter(`stty cols 100; clear; ${awsrole} --help | less`);
        await terminal.waitFor(/Usage: awsrole COMMAND/);
        terminal.press("q");
        terminal.enter(
          `clear; ${awsrole} --help | head -n 1; ${awsrole} --help | true; echo en''d`,
        );
        const { 0: closed } = await terminal.waitFor(
          /^Usage: awsrole COMMAND \[options\]\n(?:.*\n)*end$/m,
        );
        expect(closed).toMatch(/^Usage: .*\nend$/);
      } finally {
        terminal.close();
      }
    },
  );
});

describe("a sign of life while AWS is asked", () => {
  it.skipIf(noTerminal !== undefined)(
    titled("is on a terminal only, and leaves no trace", noTerminal),
    async () => {
      const slow = await startAwsDouble();
      slow.behave({ delayMs: 1500 });
      const world = createRoleHome(slow);
      const own = { ...world.env, AWSROLE_STORE: "none" };
      const terminal = openTerminal(own);
      try {
        const piped = runCommand([...program, "whoami", "prod"], { env: own });
        terminal.enter(`clear; ${program.join(" ")} whoami prod; echo en''d`);
        await terminal.waitFor(/[|/\\-] asking AWS/);
        await terminal.waitFor(/^end$/m);
        expect(terminal.screen()).toMatch(/^Identity /m);
        expect(terminal.screen()).not.toContain("asking AWS");
        expect(await piped).toMatchObject({ code: 0, stderr: "" });
      } finally {
        terminal.close();
        await world.remove();
        await slow.close();
      }
    },
  );
});

describe("a mistyped word", () => {
  it.each([
    [["whomai"], "whoami"],
    [["help", "lst"], "list"],
    [["remove"], "remove-profile or remove-key"],
    [["--halp"], "--help"],
    [["list", "--jsn"], "--json"],
    [["list", "--trea=1"], "--tree"],
    [["whoami", "prod", "--no-inptu"], "--no-input"],
    [["whoami", "prod", "--store", "plaintxt"], "plaintext"],
    [["add-profile", "x", "--sourc-profile", "bob"], "--source-profile"],
  ])("%j: did you mean %s?", async (words, meant) => {
    const { code, stdout, stderr } = await run(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`did you mean ${meant}?`);
  });

  it.each([
    [["env", "prod", "--shell", "tcsh"], "bash, zsh, sh, fish, powershell, cmd, dotenv, json"],
    [["store", "move", "keychian"], "keychain, file, pass, plaintext, none"],
    [["completion", "tcsh"], "bash, zsh, fish, powershell"],
    [["init", "tcsh"], "bash, zsh, fish, powershell"],
  ])("%j: the whole list is shown, not a guess", async (words, list) => {
    const { code, stderr } = await run(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(`hint: choose from ${list}\n`);
  });

  const named = all.filter(
    ({ name, command }) =>
      Object.entries(command.positionals ?? {}).some(
        ([one, { isNew = false }]) => /^(?:NAME|OLD)/.test(one) && !isNew,
      ) && !makesProfile.has(name),
  );
  it.each(named)("a profile of $name", async ({ name, command }) => {
    const { NAME: _name, OLD: _old, ...others } = command.positionals ?? {};
    const words = [
      name,
      "prdo",
      ...Object.keys(others).map(() => "word"),
      ...(moreWords[name] ?? []),
    ];
    const { code, stdout, stderr } = await run(...words);
    expect({ code, stdout }).toEqual({ code: name === "exec" ? 125 : 1, stdout: "" });
    // These two take a session as well.
    expect(stderr).toContain(
      ["login", "logout"].includes(name)
        ? "no profile or sso-session prdo"
        : "profile prdo not found",
    );
    expect(stderr).toContain("did you mean prod?");
  });

  it("says what is missing and what is too much", async () => {
    expect((await run("rename-profile", "prod")).stderr).toContain("missing required argument NEW");
    expect((await run("rename-profile")).stderr).toContain("missing required argument OLD");
    expect((await run("whoami", "--mfa-code")).stderr).toContain("--mfa-code needs a value");
    expect((await run("undo", "prod")).stderr).toContain('unexpected argument "prod"');
    expect((await run("--json")).stderr).toContain("no command given");
    expect((await run("--jsno", "list")).stderr).toContain("did you mean --json?");
    expect((await run("whoami", "--json=yes")).stderr).toContain("--json takes no value");
    expect((await run("whoami", "--no-store")).stderr).toContain("unknown option --no-store");
    expect((await run("whoami", "--store", "--json")).stderr).toContain("--store needs a value");
    expect(await run("whoami", "prod", "--store", "")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--store: unknown store ""'),
    });
    expect((await run("log", "--store.x", "1")).stderr).toContain("unknown option --store.x");
    for (const line of [
      ["whoami", ""],
      ["whoami", "--profile", ""],
      ["warm", "prod", ""],
    ])
      expect(await run(...line)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`${line[0]}: empty argument`),
      });
    for (const other of ["--json", "--tree"])
      expect((await run("list", "--prompt", other)).stderr).toContain(`combined with ${other}`);
    for (const line of [["list"], ["add-profile"], ["add-key", "a"], ["rename-profile", "a", "b"]])
      expect((await run(...line, "--profile", "prod")).stderr).toContain(
        "unknown option --profile",
      );
  });

  it("is none where options of every command come before the command, or -p is for --profile", async () => {
    for (const line of [
      ["--profile", "prdo", "whoami"],
      ["-p", "prdo", "whoami"],
      ["whoami", "-p", "prdo"],
      ["--no-input", "--store", "none", "whoami", "prdo"],
      ["--no-input", "credential-process", "--profile", "prdo"],
    ])
      expect((await run(...line)).stderr, line.join(" ")).toContain("did you mean prod?");
    expect(await run("--json", "list")).toMatchObject({ code: 0, stderr: "" });
    expect((await run("list", "-p", "prod")).stderr).toContain("unknown option -p");
    expect(await run("-V")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d/) });
  });

  it("is not made good by --profile: both are given, and differ", async () => {
    for (const name of ["whoami", "warm"]) {
      const { code, stderr } = await run(name, "prod", "--profile", "prdo");
      expect(code).toBe(2);
      expect(stderr).toContain("two different profiles: prod and --profile prdo");
      expect((await run(name, "--profile", "prdo")).stderr).toContain("did you mean prod?");
    }
  });

  it("never reaches the terminal raw", async () => {
    expect((await run("who\u001B[31mami")).stderr).not.toContain("\u001B");
  });
});

/** Every file below a folder, with its content. */
function snapshot(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file, "latin1")]),
  );
}
