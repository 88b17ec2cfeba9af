/** The docs do what they say: every command in them is run, every link leads somewhere. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { jsonReference } from "../../scripts/json-reference.ts";
import { optionsOf } from "../../src/cli/command.ts";
import { commands } from "../../src/commands/registry.ts";
import { createDocsWorld } from "../support/docs-world.ts";
import { missing, titled } from "../support/installed.ts";
import { type Finished, type Home, runCommand } from "../support/run-awsrole.ts";
import { runInProcess } from "../support/run-in-process.ts";
import { startAwsDouble } from "../support/aws-double.ts";

const root = join(import.meta.dirname, "..", "..");
const pages = [
  ...readdirSync(root).filter((file) => file.endsWith(".md")),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];

/** What no test of this file runs, and why: commands by a regular expression, blocks of other languages by page. */
const notRun = JSON.parse(read("docs/not-run.json")) as {
  commands: { line: string; why: string }[];
  blocks: { page: string; language: string; why: string }[];
};

/** What a block needs before it, beside the usual. */
const before: readonly (readonly [line: RegExp, setUp: string])[] = [
  [
    /(?:rotate-key|remove-key|release) bob(?: --[a-z-]+)?$/m,
    "awsrole add-key bob --from-credentials-file",
  ],
  [/remove-key bob/, "awsrole remove-profile prod --force; awsrole remove-profile staging --force"],
  [/remove-profile old|rename-profile old/, "awsrole rename-profile prod old"],
  [/awsrole undo|release --all/, "awsrole adopt staging"],
  [/adopt prod/, "awsrole release prod"],
  [/add-profile dev /, "awsrole remove-profile dev"],
];

type Block = { page: string; lines: { command: string; output: string[] }[] };

/** The commands of a page: all lines of `sh` blocks but comments, the `$ ` lines of `console` blocks with what is below. */
function blocksOf(page: string): Block[] {
  const text = read(page);
  return fencesOf(text).flatMap(({ language: kind, body }) => {
    if (kind !== "sh" && kind !== "console") return [];
    const lines: Block["lines"] = [];
    for (const line of body.replaceAll(/\\\n\s*/g, "").split("\n")) {
      if (kind === "sh") {
        const command = line.replace(/(?:^| +)# .*$/, "");
        if (command !== "") lines.push({ command, output: [] });
      } else if (line.startsWith("$ ")) lines.push({ command: line.slice(2), output: [] });
      else lines.at(-1)?.output.push(line);
    }
    return [{ page, lines }];
  });
}

/** Every fenced block, also of a list's item, without its indent. */
function fencesOf(text: string): { language: string; body: string }[] {
  return [...text.matchAll(/^( *)```([a-z]*)\n(.*?)\n\1```$/gms)].map(
    ([, indent = "", language = "", body = ""]) => ({
      language,
      body: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
}

describe("the commands in the docs", () => {
  // In lists of commands every example is by itself; elsewhere a block is a story; the walk-through is one from end to end.
  const blocks = pages
    .flatMap((page) =>
      /(?:walkthrough|tutorial)\.md$/.test(page)
        ? [{ page, lines: blocksOf(page).flatMap(({ lines }) => lines) }]
        : blocksOf(page),
    )
    .flatMap((block) =>
      /^docs\/[a-z-]+\/(?:commands|keys)\.md$/.test(block.page) &&
      !block.lines.some(({ command }) => /rotate-key/.test(command))
        ? block.lines.map((line) => ({ ...block, lines: [line] }))
        : [block],
    )
    .map((block) => ({
      ...block,
      lines: block.lines.filter(({ command }) => reasonOf(command) === undefined),
    }))
    .filter(({ lines }) => lines.length > 0)
    // Pages say the same here and there.
    .filter(
      ({ lines }, at, all) =>
        all.findIndex((other) => isDeepStrictEqual(other.lines, lines)) === at,
    )
    .map((block) => ({
      ...block,
      title: `${block.page}: ${block.lines.map(({ command }) => command).join("; ")}`,
    }));

  it.concurrent.for(blocks)("$title", async ({ lines }, { skip }) => {
    const text = lines.map(({ command }) => command).join("\n");
    const shell = /\| source$/m.test(text) ? "fish" : "bash";
    const reason = missing(shell, ["-c", "exit 0"]);
    if (reason !== undefined) skip(reason);
    const sts = await startAwsDouble();
    const world = createDocsWorld(sts, {
      withProd: !/add-profile prod (?!.*--force)/.test(text),
      withBob: !/add-key bob(?! --from)/.test(text),
      withSignIn: /\bacme\b|awsrole sync|=dev\b/.test(text),
    });
    if (/PASSPHRASE/.test(text)) delete world.env["AWSROLE_KEY_FILE"];
    // Keys may not lie in plain text.
    if (!/-key/.test(text)) world.env["AWSROLE_STORE"] = "plaintext";
    if (/whoami$/m.test(text)) world.env["AWS_PROFILE"] = "prod";
    // `use` is a function of the shell's start file; one profile was used before.
    const start = /^awsrole use\b/m.test(text)
      ? 'eval "$(awsrole init bash)"; awsrole use bob; awsrole use prod; '
      : "";
    const run = (script: string): Promise<Finished> =>
      runCommand([shell, "-c", start + script], { env: world.env, cwd: world.path });
    try {
      const setUp = before.flatMap(([line, needed]) => (line.test(text) ? [needed] : []));
      if (setUp.length > 0) {
        const prepared = await run(setUp.join("; "));
        expect(prepared.code, prepared.stderr).toBe(0);
      }
      // A process for each would take most of a minute.
      const outputs =
        start === "" && lines.every(({ command }) => isPlain.test(command))
          ? await runPlain(lines, world)
          : await runInShell(lines, shell, run);
      for (const [at, { command, output }] of lines.entries())
        if (output.length > 0)
          expect(linesOf(outputs[at] ?? ""), command).toEqual(linesOf(output.join("\n")));
    } finally {
      await sts.close();
      await world.remove();
    }
  });

  it.concurrent("print the JSON that docs/reference/json.md shows", async ({ expect }) => {
    const parts = (page: string): unknown[] =>
      [...page.matchAll(/^```json\n(.*?)^```$|^([#`-][^\n]*)$/gms)].map(
        ([, json, line]): unknown => line ?? JSON.parse(json ?? ""),
      );
    expect(parts(read("docs/reference/json.md")), "run `npm run docs`").toEqual(
      parts(await jsonReference()),
    );
  });

  it("are in not-run.json or are run: no entry without a command or block, no block without a reason", () => {
    const all = pages.flatMap((page) => blocksOf(page)).flatMap(({ lines }) => lines);
    const others = pages.flatMap((page) =>
      fencesOf(read(page))
        .filter(({ language, body }) => !isChecked(language, body))
        .map(({ language }) => `${page}: ${language}`),
    );
    expect([...new Set(others)].toSorted()).toEqual(
      notRun.blocks.map(({ page, language }) => `${page}: ${language}`).toSorted(),
    );
    const idle = notRun.commands.filter(
      ({ line }) => !all.some(({ command }) => new RegExp(line).test(command)),
    );
    expect(idle).toEqual([]);
    for (const { why } of [...notRun.commands, ...notRun.blocks])
      for (const [file] of why.matchAll(/test\/[\w./-]+\.ts/g))
        expect(existsSync(join(root, file)), file).toBe(true);
  });

  it("are run, but for a few that say why not", () => {
    const all = pages.flatMap((page) => blocksOf(page)).flatMap(({ lines }) => lines);
    const left = all.filter(
      ({ command }) => reasonOf(command) !== undefined && command.includes("awsrole"),
    );
    expect(all.length).toBeGreaterThan(40);
    expect(left.length / all.length).toBeLessThan(0.2);
  });

  it("exist, with their options, where prose names them", async () => {
    const strange: string[] = [];
    for (const page of pages)
      for (const [, code = ""] of read(page).matchAll(
        /`((?:[A-Z_]+=\S+ )?awsrole [a-z][^`\n]*)`/g,
      )) {
        const [name = "", ...words] = code
          .replace(/^[A-Z_]+=\S+ /, "")
          .split(/ -- | \| | && /)[0]!
          .split(" ")
          .slice(1);
        if (name === "help") continue;
        const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
        const options = entry === undefined ? {} : optionsOf((await entry.load()).default);
        const unknown = words
          .map((word) => /^--(?:no-)?([a-z-]+)/.exec(word)?.[1])
          .filter((option) => option !== undefined && option !== "help" && option !== "version")
          .filter((option) => !Object.hasOwn(options, option ?? ""));
        if (entry === undefined || unknown.length > 0) strange.push(`${page}: ${code}`);
      }
    expect(strange).toEqual([]);
  });
});

describe("the links in the docs", () => {
  it.each(pages)("%s leads to files and headings that are there", (page) => {
    // What looks like a link in code is none.
    const prose = read(page).replaceAll(/^```.*?^```$/gms, "");
    const dead = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? join(root, page) : join(root, dirname(page), file);
        if (!existsSync(target)) return true;
        return anchor !== undefined && !headingsOf(readFileSync(target, "utf8")).includes(anchor);
      });
    expect(dead).toEqual([]);
  });
});

describe("the files in the docs", () => {
  const filesIn = (language: string): { page: string; body: string }[] =>
    pages.flatMap((page) =>
      fencesOf(read(page))
        .filter((block) => block.language === language)
        .map(({ body }) => ({ page, body })),
    );

  it.for(filesIn("ini").filter(({ body }) => !body.startsWith("[Unit]")))(
    "are read by awsrole without a complaint: $page, $body",
    async ({ body }) => {
      const sts = await startAwsDouble();
      const world = createDocsWorld(sts, { withProd: false });
      try {
        writeFileSync(join(world.path, ".aws", "config"), `${body}\n`);
        const { code, stderr } = await runInProcess(["config"], world.env);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      } finally {
        await sts.close();
        await world.remove();
      }
    },
  );

  it("parse, where they are JSON", () => {
    for (const { page, body } of filesIn("json"))
      expect(() => JSON.parse(body) as unknown, page).not.toThrow();
  });

  const noSystemd = missing("systemd-analyze");
  const units = "pass systemd's own check, where they are units";
  it.skipIf(noSystemd !== undefined)(titled(units, noSystemd), () => {
    const bodies = pages.flatMap((page) => fencesOf(read(page)).map(({ body }) => body));
    const folder = mkdtempSync(join(tmpdir(), "awsrole-units-"));
    try {
      const files = bodies.flatMap((body, at) => {
        if (!body.startsWith("[Unit]")) return [];
        // A timer is checked with its service.
        const name = body.includes("[Timer]") ? `unit${at - 1}.timer` : `unit${at}.service`;
        const file = join(folder, name);
        // What the unit starts is not installed here.
        writeFileSync(file, `${body.replaceAll("/usr/local/bin/awsrole", "/bin/true")}\n`);
        return [file];
      });
      expect(files.length).toBeGreaterThan(2);
      const { status, stderr } = spawnSync("systemd-analyze", ["--user", "verify", ...files], {
        encoding: "utf8",
        env: { ...process.env, XDG_RUNTIME_DIR: folder, HOME: folder },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("give credentials in cron's environment, where they are a crontab", async () => {
    const sts = await startAwsDouble();
    const world = createDocsWorld(sts);
    try {
      const [crontab] = filesIn("crontab");
      const variables = Object.fromEntries(
        [...(crontab?.body ?? "").matchAll(/^(AWS\w+)=(.*)$/gm)].map(([, name, value = ""]) => [
          name,
          value.replace("/home/bob", world.path),
        ]),
      );
      expect(variables["AWS_PROFILE"]).toBe("prod");
      mkdirSync(join(world.path, ".config", "awsrole"), { recursive: true });
      writeFileSync(join(world.path, ".config/awsrole/store.key"), "a".repeat(32), { mode: 0o600 });
      const config = readFileSync(join(world.path, ".aws", "config"), "utf8");
      const line = /^credential_process = (.*prod)$/m.exec(config)?.[1] ?? "";
      const { code, stdout, stderr } = await runCommand(["/bin/sh", "-c", line], {
        env: {
          HOME: world.path,
          PATH: "/usr/bin:/bin",
          // The double stands in for AWS, and no keychain of this machine is asked.
          AWS_ENDPOINT_URL: world.env["AWS_ENDPOINT_URL"],
          DBUS_SESSION_BUS_ADDRESS: "disabled:",
          ...variables,
        },
      });
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ Version: 1 });
    } finally {
      await sts.close();
      await world.remove();
    }
  });
});

describe("docs/picture.svg", () => {
  it("shows commands that there are, and nothing of the machine it was made on", () => {
    const text = readFileSync(join(root, "docs", "picture.svg"), "utf8");
    const shown = text.replaceAll(/<[^>]+>/g, "");
    const names = [...shown.matchAll(/^\$ awsrole ([a-z-]+)/gm)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !Object.hasOwn(commands, name))).toEqual([]);
    expect([...shown.matchAll(/\/[\w/.-]+/g)].map(([path]) => path)).toEqual([
      "/example-role",
      "/.aws/config",
      "/example-role/bob",
    ]);
    expect(shown).not.toMatch(/A[SK]IA[A-Z0-9]{12,}|[A-Za-z0-9+/]{40,}/);
  });
});

describe("docs/troubleshooting.md", () => {
  it("quotes awsrole's own messages as they are", () => {
    const source = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(root, "src", file), "utf8"))
      .join("\n");
    const own = [
      "not found",
      "unknown key ",
      "has both ",
      "needs an MFA code",
      "there is no keychain here",
      "no Secret Service on the session's D-Bus",
      "the keychain is locked, or access to it was denied",
      "the keychain did not respond",
    ];
    const page = read("docs/troubleshooting.md");
    expect(own.filter((text) => !source.includes(text) || !page.includes(text))).toEqual([]);
  });
});

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

function reasonOf(command: string): string | undefined {
  return notRun.commands.find(({ line }) => new RegExp(line).test(command))?.why;
}

/** Blocks of these are looked at by "the files in the docs", and by the tests of the commands. */
function isChecked(language: string, body: string): boolean {
  return (
    ["sh", "console", "ini", "json", "crontab", "systemd"].includes(language) ||
    body.startsWith("[Unit]")
  );
}

/** GitHub's anchors. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Without a shell's help, and without a child or the program's own path in it. */
const isPlain =
  /^awsrole (?:config|doctor|edit-profile|explain|list|log|logout|release|remove-profile|rename-profile|undo|warm|whoami)(?: [\w.:/=-]+)*$/;

async function runPlain(lines: Block["lines"], { env }: Home): Promise<string[]> {
  const outputs: string[] = [];
  for (const { command } of lines) {
    const { code, stdout, stderr } = await runInProcess(command.split(" ").slice(1), env);
    // What a doctor finds depends on where the clone lies, and on the node that runs this.
    expect(command.startsWith("awsrole doctor") ? [0, 1] : [0], stderr).toContain(code);
    // Colours and spinners are for terminals.
    expect(stdout + stderr).not.toContain("\u001B");
    outputs.push(stdout);
  }
  return outputs;
}

async function runInShell(
  lines: Block["lines"],
  shell: "bash" | "fish",
  run: (script: string) => Promise<Finished>,
): Promise<string[]> {
  const status = shell === "fish" ? "$status" : "$?";
  // An empty environment would lead to AWS itself, and to this machine's keychain.
  const inside = 'env -i AWS_ENDPOINT_URL="$AWS_ENDPOINT_URL" DBUS_SESSION_BUS_ADDRESS=disabled: ';
  const script = lines
    .map(({ command }) => command.replace(/^env -i /, inside))
    .map((command) => `${command}\necho "== ${status}"`)
    .join("\n");
  const { stdout, stderr } = await run(script);
  expect(stdout + stderr).not.toContain("\u001B");
  const ends = [...stdout.matchAll(/^== (\d+)$/gm)].map(([, code]) => code);
  expect(ends, stderr + stdout).toEqual(lines.map(() => "0"));
  return stdout.split(/^== \d+\n/m);
}

function linesOf(output: string): string[] {
  return output.trimEnd().split("\n").map(normalize);
}

/** What differs from run to run. */
function normalize(line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
    .replaceAll(/\d\d:\d\d, in \d+ min/g, "TIME")
    .replaceAll(/A(?:RO|ID)A[A-Z0-9]{10,}/g, "ID")
    .replaceAll("in the file store", "in the keychain store")
    .replaceAll(/\/\S*(?=\/\.aws\/)/g, "~")
    .trimEnd();
}
