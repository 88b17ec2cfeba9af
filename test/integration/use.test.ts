/** `init` and `use` as people meet them: in real shells. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { bashCompletion } from "../support/needed-programs.ts";
import { createHome, type Home, program, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

const key = (id: string): string =>
  `aws_access_key_id = ${id}\naws_secret_access_key = secretOf${id}\n`;

let home: Home;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  home = createHome({
    config: "[profile prod]\nregion = eu-west-1\n[profile staging]\n[profile acme%prod]\n",
    credentials: `[prod]\n${key("AKIAPROD")}[staging]\n${key("AKIASTAGING")}`,
  });
  const bin = join(home.path, "bin");
  mkdirSync(bin);
  const awsrole = join(bin, "awsrole");
  writeFileSync(awsrole, `#!/bin/sh\nexec ${program.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(awsrole, 0o755);
  env = {
    ...home.env,
    PATH: `${bin}:${process.env["PATH"]}`,
    TERM: "xterm",
    AWS_ACCESS_KEY_ID: "AKIAOLD",
    AWS_SECRET_ACCESS_KEY: "se'cr et$x",
    AWS_WEB_IDENTITY_TOKEN_FILE: "/token",
    AWS_REGION: "us-west-2",
    AWS_PROFILE: "orig",
  };
});
afterAll(() => home.remove());

/** Prints the variables as programs that the shell starts see them. */
const show = `env | grep -E '^AWS' | grep -vE 'AWSROLE_BEFORE|METADATA' | sort`;
const original = [
  "AWS_ACCESS_KEY_ID=AKIAOLD",
  "AWS_PROFILE=orig",
  "AWS_REGION=us-west-2",
  "AWS_SECRET_ACCESS_KEY=se'cr et$x",
  "AWS_WEB_IDENTITY_TOKEN_FILE=/token",
];

type Shell = { readonly command: readonly string[]; readonly init: string; readonly rc: string };
const shells: Readonly<Record<string, Shell>> = {
  bash: { command: ["bash", "--norc", "-uc"], init: 'eval "$(awsrole init bash)"', rc: "$?" },
  zsh: {
    command: ["zsh", "-fuc"],
    init: 'autoload -U compinit; compinit -u -D; eval "$(awsrole init zsh)"',
    rc: "$?",
  },
  fish: {
    command: ["fish", "--no-config", "-c"],
    init: "awsrole init fish | source",
    rc: "$status",
  },
};

for (const [name, { command, init, rc }] of Object.entries(shells)) {
  const reason = missing(name, ["-c", "exit 0"]);
  describe.skipIf(reason !== undefined)(titled(`use in ${name}`, reason), () => {
    const run = async (
      ...lines: string[]
    ): Promise<{ lines: string[]; stderr: string; code: number | null }> => {
      const { stdout, stderr, code } = await runCommand([...command, [init, ...lines].join("\n")], {
        env,
        cwd: home.path,
      });
      return { lines: stdout.split("\n").filter(Boolean), stderr, code };
    };

    it("sets the profile, clears what would win over it, and keeps no secret in the environment", async () => {
      const { lines, stderr } = await run("awsrole use prod", show);
      expect(stderr).toBe("");
      expect(lines).toEqual(["AWSROLE_PREVIOUS=orig", "AWS_PROFILE=prod", "AWS_REGION=us-west-2"]);
    });

    it("returns to the profile before, with the region that was set, and restores all at the end", async () => {
      const { lines, stderr } = await run(
        "awsrole use prod --region ap-south-1",
        `env | grep AWS_REGION`,
        "awsrole use staging",
        `env | grep AWS_REGION`,
        "awsrole use -",
        `env | grep AWS_PROFILE`,
        "awsrole use --unset",
        show,
      );
      expect(stderr).toBe("");
      expect(lines).toEqual([
        "AWS_REGION=ap-south-1",
        "AWS_REGION=us-west-2",
        "AWS_PROFILE=prod",
        ...original,
      ]);
    });

    it("changes nothing for a name that is no profile, or without one where nobody is asked, and says so", async () => {
      const { lines, stderr } = await run(
        `awsrole use prd; echo ${rc}`,
        `awsrole use </dev/null; echo ${rc}`,
        `awsrole use prod extra; echo ${rc}`,
        show,
      );
      expect(lines).toEqual(["1", "2", "2", ...original]);
      expect(stderr).toContain("profile prd not found");
      expect(stderr).toContain("did you mean prod?");
      expect(stderr).toContain("use: specify a profile");
    });

    it("hands every other command to the program, with its exit code", async () => {
      const { lines } = await run(
        `awsrole whoami nope 2>/dev/null; echo ${rc}`,
        "awsrole use --help",
      );
      expect(lines[0]).toBe("1");
      expect(lines.join("\n")).toContain("awsrole use [NAME]");
    });

    it("prints the profile in use for the prompt, and nothing where there is none", async () => {
      const quiet = name === "fish" ? "set -e AWS_PROFILE" : "unset AWS_PROFILE";
      const { lines } = await run(
        "awsrole use acme%prod",
        "awsrole_prompt; echo",
        quiet,
        "awsrole_prompt",
      );
      expect(lines).toEqual([name === "zsh" ? "(acme%%prod) " : "(acme%prod) "]);
    });
  });
}

describe("use", () => {
  it("exports no kept secret under set -a", async () => {
    const script = `set -a; eval "$(awsrole init bash)"; awsrole use prod; env | grep -c "se'cr"; awsrole use --unset; env | grep -c "se'cr"`;
    const { stdout } = await runCommand(["bash", "--norc", "-c", script], { env });
    expect(stdout).toBe("0\n1\n");
  });

  it("needs the shell function, and names the line that defines it", async () => {
    const { code, stderr } = await runAwsrole(["use", "prod"], { env });
    expect(code).toBe(2);
    expect(stderr).toBe(
      "awsrole: use: only a shell function can change the current shell\n" +
        `awsrole: hint: add it to your shell's start file (bash: ~/.bashrc): eval "$(awsrole init bash)"\n`,
    );
  });

  const noBoto3 = missing("python3", ["-c", "import boto3"]);
  const title =
    "has boto3 in the shell use the profile's own key, whatever key was in the environment";
  it.skipIf(noBoto3 !== undefined)(titled(title, noBoto3), async () => {
    const script = "import boto3; print(boto3.Session().get_credentials().access_key)";
    const { stdout } = await runCommand(
      [
        "bash",
        "--norc",
        "-c",
        `eval "$(awsrole init bash)"; awsrole use staging; python3 -c '${script}'`,
      ],
      { env },
    );
    expect(stdout).toBe("AKIASTAGING\n");
  });

  it.skipIf(noTerminal !== undefined)(
    titled(
      "lists the profiles in a terminal, the last used first, and takes what is typed loosely",
      noTerminal,
    ),
    async () => {
      const terminal = openTerminal(env);
      try {
        terminal.enter(`cd ${home.path}; PS1='> ' bash --norc`);
        terminal.enter(`eval "$(awsrole init bash)"; awsrole use staging; clear; echo re''ady`);
        await terminal.waitFor(/^ready$/m);
        terminal.enter("awsrole use");
        await terminal.waitFor(/Use profile/);
        await terminal.waitFor(/staging[\s\S]*prod/);
        terminal.type("prd");
        await terminal.waitFor(/prd/);
        terminal.press("Enter");
        terminal.enter('echo "now=$AWS_PROFILE"');
        expect((await terminal.waitFor(/^now=(.*)$/m))[1]).toMatch(/prod/);
        terminal.enter("awsrole use");
        await terminal.waitFor(/Use profile[\s\S]*Use profile/);
        terminal.press("C-c");
        terminal.enter('echo "rc=$?"');
        await terminal.waitFor(/^rc=130$/m);
      } finally {
        terminal.close();
      }
    },
  );

  const starts = {
    "bash without bash-completion": ["bash --norc", 'eval "$(awsrole init bash)"'],
    "bash with bash-completion": [
      "bash --norc",
      `source ${bashCompletion}; eval "$(awsrole init bash)"`,
    ],
    "zsh with compinit": [
      "zsh -f",
      'autoload -U compinit; compinit -u -D; eval "$(awsrole init zsh)"',
    ],
    "zsh with compinit after init": [
      "zsh -f",
      'eval "$(awsrole init zsh)"; autoload -U compinit; compinit -u -D',
    ],
    "zsh without compinit": ["zsh -f", 'eval "$(awsrole init zsh)"'],
  } as const;
  for (const [world, [start, setUp]] of Object.entries(starts)) {
    const [shell = ""] = start.split(" ");
    const reason =
      noTerminal ??
      missing(shell, ["-c", "exit 0"]) ??
      (world === "bash with bash-completion" && !existsSync(bashCompletion)
        ? "bash-completion is not installed"
        : undefined);
    it.skipIf(reason !== undefined)(
      titled(`switches and completes in ${world}, with nothing on the screen at the start`, reason),
      async () => {
        const terminal = openTerminal(env);
        try {
          terminal.enter(`cd ${home.path}; PS1='> ' ${start}`);
          terminal.enter(`PS1='> '; clear; ${setUp}; ${setUp}; echo re''ady`);
          await terminal.waitFor(/^ready$/m);
          expect(terminal.screen()).not.toMatch(/not found|error/i);
          if (world === "zsh without compinit") terminal.type("awsrole use staging");
          else {
            terminal.type("awsrole use sta");
            terminal.press("Tab");
            await terminal.waitFor(/awsrole use staging/);
          }
          terminal.press("Enter");
          terminal.enter('echo "now=$AWS_PROFILE key=$AWS_ACCESS_KEY_ID."');
          await terminal.waitFor(/^now=staging key=\.$/m);
        } finally {
          terminal.close();
        }
      },
    );
  }

  it("has the JavaScript SDK in the shell use the profile's own key, whatever key was in the environment", async () => {
    const sdk = join(import.meta.dirname, "../../node_modules/@aws-sdk/credential-providers");
    const script = `const { fromNodeProviderChain: chain } = require("${sdk}"); chain()().then((c) => console.log(c.accessKeyId))`;
    const { stdout } = await runCommand(
      [
        "bash",
        "--norc",
        "-c",
        `node() { '${process.execPath}' -e '${script}'; }; eval "$(awsrole init bash)"; node; awsrole use staging; node; awsrole use --unset; node`,
      ],
      { env: { ...env, AWS_PROFILE: undefined, AWS_WEB_IDENTITY_TOKEN_FILE: undefined } },
    );
    expect(stdout).toBe("AKIAOLD\nAKIASTAGING\nAKIAOLD\n");
  });

  it("completes a name with @ in plain bash, which replaces from the @ itself", async () => {
    const script = `shopt -s hostcomplete; eval "$(awsrole init bash)"
      COMP_LINE='awsrole whoami user@'; COMP_POINT=20; COMP_WORDS=(awsrole whoami user @); COMP_CWORD=3
      _awsrole awsrole; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const mail = createHome({ config: "[profile user@corp.example]\n" });
    const { stdout } = await runCommand(["bash", "--norc", "-c", script], {
      env: { ...env, ...mail.env, PATH: env["PATH"] },
    });
    await mail.remove();
    expect(stdout).toBe("@corp.example\n");
  });
});

describe("the recipes for prompt programs", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/how-to/shell-prompt.md"), "utf8");
  const recipe = (language: string): string =>
    page.match(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``))?.[1] ?? "";
  /** From now: the tests before this one may have taken minutes. */
  const used = () => ({
    AWSROLE_PROFILE: "acme%prod",
    AWS_CREDENTIAL_EXPIRATION: new Date(Date.now() + 600_000).toISOString(),
  });
  const unused = { AWS_PROFILE: "", AWSROLE_PROFILE: "" };

  it("give starship the profile while one is in use, and nothing else", async () => {
    const { command = "", when = "" } = Object.fromEntries(
      [...recipe("toml").matchAll(/^(\w+) = '(.*)'$/gm)].map(([, key, value]) => [key, value]),
    ) as { command?: string; when?: string };
    const inStarship = (more: NodeJS.ProcessEnv) =>
      runCommand(["sh", "-c", `${when} && ${command}`], { env: { ...env, ...more } });
    expect((await inStarship(used())).stdout).toMatch(/^acme%prod (?:9|10)m\n$/);
    expect(await inStarship(unused)).toMatchObject({ stdout: "", code: 1 });
  });

  const noZsh = missing("zsh", ["-c", "exit 0"]);
  it.skipIf(noZsh !== undefined)(
    titled("give powerlevel10k a segment, with its percent signs escaped", noZsh),
    async () => {
      const script = `p10k() { print -r -- "$@"; }; ${recipe("zsh")}prompt_awsrole; print -r -- $POWERLEVEL9K_RIGHT_PROMPT_ELEMENTS`;
      const inZsh = (more: NodeJS.ProcessEnv) =>
        runCommand(["zsh", "-fc", script], { env: { ...env, ...more } });
      expect((await inZsh(used())).stdout).toMatch(
        /^segment -f yellow -t acme%%prod (?:9|10)m\nawsrole\n$/,
      );
      expect((await inZsh(unused)).stdout).toBe("awsrole\n");
    },
  );
});

describe("init", () => {
  it("names the shells where it has none for one", async () => {
    const { code, stderr } = await runAwsrole(["init", "tcsh"], { env });
    expect(code).toBe(2);
    expect(stderr).toContain("choose from bash, zsh, fish, powershell");
  });

  it("puts the profile into the prompt once with --prompt", async () => {
    const { stdout } = await runAwsrole(["init", "bash", "--prompt"], { env });
    const twice = `PS1='$ '; ${'eval "$script"; '.repeat(2)} printf '%s' "$PS1"`;
    const run = await runCommand(["bash", "--norc", "-c", twice], {
      env: { ...env, script: stdout },
    });
    expect(run.stdout).toBe("$(awsrole_prompt)$ ");
  });
});
