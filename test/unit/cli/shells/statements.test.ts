import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { detectShell } from "../../../../src/cli/shells/detect.ts";
import {
  formatVariables,
  howToUse,
  type ShellName,
} from "../../../../src/cli/shells/statements.ts";
import { missing, titled } from "../../../support/installed.ts";

const strange = {
  T_SINGLE: "it's 'quoted'",
  T_DOUBLE: 'say "hi"',
  T_SPACE: "  two  spaces ",
  T_DOLLAR: "$HOME ${HOME} $(id) `id`",
  T_BACKSLASH: String.raw`\ \\ \' \n C:\dir\ `.trim(),
  T_LAST_BACKSLASH: "end\\",
  T_GLOB: "* ? [a] {a,b} ~ !! !x # ; & | < > ( )",
  T_PERCENT: "%PATH% %%",
  T_EQUALS: "a=b==",
  T_TYPOGRAPHIC: "‘single’ “double” ü 日本",
  T_HYPHEN: "-n",
  T_EMPTY: "",
};

describe("statements in the real shells", () => {
  const shells: readonly [ShellName, string, readonly string[]][] = [
    ["bash", "bash", []],
    ["sh", "dash", ["-c", "exit 0"]],
    ["zsh", "zsh", []],
    ["fish", "fish", []],
  ];
  for (const [shell, program, probe] of shells) {
    const reason = missing(program, probe.length > 0 ? probe : undefined);
    it.skipIf(reason !== undefined)(
      titled(`${program} sets every value exactly, and clears`, reason),
      () => {
        const set = formatVariables(shell, strange);
        const clear = formatVariables(
          shell,
          Object.fromEntries([...Object.keys(strange), "T_NEVER"].map((name) => [name, undefined])),
        );
        const show = `${process.execPath} -p 'JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([n]) => n.startsWith("T_"))))'`;
        const strict = shell === "fish" ? "" : "set -eu\n";
        const { stdout, stderr, status } = spawnSync(
          program,
          ["-c", `${strict}${set}${show}\n${clear}${show}\n`],
          {
            encoding: "utf8",
            env: { PATH: process.env["PATH"], HOME: "/nowhere", LC_ALL: "C.UTF-8" },
          },
        );
        expect(stderr).toBe("");
        expect(status).toBe(0);
        const [afterSet = "", afterClear = ""] = stdout.trim().split("\n");
        expect(JSON.parse(afterSet)).toEqual(strange);
        expect(JSON.parse(afterClear)).toEqual({});
      },
    );
  }
});

describe("statements for shells that are not on this machine, by the letter", () => {
  it("PowerShell: single quotes doubled, typographic ones too, nothing else special", () => {
    expect(
      formatVariables("powershell", { A: "it's ‘so’", B: '$x `n "q"', AWS_PROFILE: undefined }),
    ).toBe(
      "Remove-Item 'Env:AWS_PROFILE' -ErrorAction SilentlyContinue\n$Env:A = 'it''s ‘‘so’’'\n$Env:B = '$x `n \"q\"'\n",
    );
  });

  it("cmd: quotes around the whole assignment, and what cmd may expand is refused", () => {
    expect(formatVariables("cmd", { A: "a&b|c^d<e>f", B: undefined })).toBe(
      'SET B=\nSET "A=a&b|c^d<e>f"\n',
    );
    for (const value of ['a"b', "%PATH%", "a!b"])
      expect(() => formatVariables("cmd", { A: value })).toThrow(/value of A has/);
  });

  it("dotenv: unquoted, and what would need quotes is refused", () => {
    expect(formatVariables("dotenv", { A: "wJalr/K7+x=", B: undefined })).toBe("A=wJalr/K7+x=\n");
    expect(() => formatVariables("dotenv", { A: "a b" })).toThrow(/value of A has/);
  });

  it("json: one object", () => {
    expect(JSON.parse(formatVariables("json", { A: "a", B: undefined, C: "'\\" }))).toEqual({
      A: "a",
      C: "'\\",
    });
  });
});

describe("what no statement can carry", () => {
  it("line breaks and control characters are refused in every form, without showing the value", () => {
    for (const shell of ["bash", "fish", "powershell", "cmd", "dotenv", "json"] as const) {
      for (const value of ["secret\nx", "secret\rx", "secret\0x", "secret\u001Bx"])
        expect(() => formatVariables(shell, { AWS_SESSION_TOKEN: value })).toThrow(
          /^the value of AWS_SESSION_TOKEN has a line break or another control character$/,
        );
    }
  });
});

describe("which shell is meant", () => {
  it("the program that called comes first, the login shell last", () => {
    const linux = { platform: "linux" } as const;
    expect(detectShell({ ...linux, env: { SHELL: "/bin/zsh" }, caller: "fish" })).toBe("fish");
    expect(detectShell({ ...linux, env: { SHELL: "/bin/zsh" }, caller: "-bash" })).toBe("bash");
    expect(detectShell({ ...linux, env: { SHELL: "/bin/zsh" }, caller: "make" })).toBe("zsh");
    expect(detectShell({ ...linux, env: { SHELL: "/usr/bin/fish" }, caller: undefined })).toBe(
      "fish",
    );
    expect(detectShell({ ...linux, env: {}, caller: "pwsh" })).toBe("powershell");
    expect(detectShell({ ...linux, env: {}, caller: undefined })).toBe("sh");
  });

  it("on Windows: Git Bash, PowerShell by its module path, else cmd", () => {
    const windows = { platform: "win32", caller: undefined } as const;
    const machine = "C:\\Program Files\\WindowsPowerShell\\Modules";
    expect(detectShell({ ...windows, env: { PSModulePath: machine } })).toBe("cmd");
    expect(
      detectShell({
        ...windows,
        env: { PSModulePath: `C:\\Users\\b\\Documents\\PowerShell\\Modules;${machine}` },
      }),
    ).toBe("powershell");
    const localized = "C:\\Users\\b\\OneDrive\\Dokumente\\WindowsPowerShell\\Modules";
    expect(detectShell({ ...windows, env: { PSModulePath: `${localized};${machine}` } })).toBe(
      "powershell",
    );
    const all = `C:\\Program Files\\PowerShell\\7\\Modules;${machine};C:\\WINDOWS\\system32\\WindowsPowerShell\\v1.0\\Modules`;
    expect(detectShell({ ...windows, env: { PSModulePath: all } })).toBe("cmd");
    expect(detectShell({ ...windows, env: { MSYSTEM: "MINGW64", PSModulePath: machine } })).toBe(
      "bash",
    );
  });

  it("each form says how it is used", () => {
    expect(howToUse("zsh", "awsrole env prod")).toBe('eval "$(awsrole env prod)"');
    expect(howToUse("fish", "awsrole env prod")).toBe("awsrole env prod | source");
  });
});
