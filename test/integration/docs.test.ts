/** The docs do what they say: every command in them is run, every link leads somewhere. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { jsonReference } from "../../scripts/json-reference.ts";
import { optionsOf } from "../../src/cli/command.ts";
import { commands } from "../../src/commands/registry.ts";
import { createDocsWorld } from "../support/docs-world.ts";
import { missing } from "../support/installed.ts";
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
const read = (page: string): string => readFileSync(join(root, page), "utf8");

/** Lines that a test cannot run here, and why. */
const notRun: readonly (readonly [line: RegExp, why: string])[] = [
  [/^npm |^git /, "npm and git: .ci/run runs them"],
  [/^awsrole add-profile$/, "asks a person: test/integration/newcomer.test.ts answers"],
  [/^awsrole add-key bob$/, "asks a person: test/integration/keys.test.ts answers"],
  [/^awsrole console /, "a browser, and AWS's sign-in: test/integration/console.test.ts"],
  [
    /^awsrole setup /,
    "wants a profile called admin: test/integration/setup.test.ts and setup-moto.test.ts have it",
  ],
  [
    /^(?:\(umask 077; )?awsrole serve /,
    "serves until Ctrl-C: test/integration/serve.test.ts stops it",
  ],
  [/^awsrole console /, "opens a browser: test/integration/console.test.ts stands in for it"],
  [/^awsrole sync\b/, "needs a sign-in: test/integration/sync.test.ts has one"],
  [/^awsrole login\b/, "opens a browser: test/integration/login.test.ts stands in for it"],
  [/^awsrole logout acme\b/, "ends a sign-in: test/integration/login.test.ts has one"],
  [/^awsrole use$/, "asks at the terminal: test/integration/use.test.ts does"],
  [/terraform/, "is not installed"],
  [/Out-String/, "PowerShell is nowhere here; test/unit/shells has its statements"],
  [/^credential_process = /, "a line of ~/.aws/config: the main job's test runs it"],
  [/completion zsh/, "wants compinit: test/integration/completion.test.ts has it"],
];

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
];

type Block = { page: string; lines: { command: string; output: string[] }[] };

/** The commands of a page: all lines of `sh` blocks but comments, the `$ ` lines of `console` blocks with what stands below. */
function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(/^```(sh|console)\n(.*?)^```$/gms)].map(([, kind, body = ""]) => {
    const lines: Block["lines"] = [];
    for (const line of body.split("\n").slice(0, -1)) {
      if (kind === "sh") {
        const command = line.replace(/(?:^| +)# .*$/, "");
        if (command !== "") lines.push({ command, output: [] });
      } else if (line.startsWith("$ ")) lines.push({ command: line.slice(2), output: [] });
      else lines.at(-1)?.output.push(line);
    }
    return { page, lines };
  });
}

describe("the commands in the docs", () => {
  // In lists of commands every example stands by itself; elsewhere a block is a story; the walk-through is one from end to end.
  const blocks = pages
    .flatMap((page) =>
      page.endsWith("walkthrough.md")
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
    });
    // Keys may not lie in plain text; opening the encrypted file takes a while, as it should.
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

  it("are run, but for a few that say why not", () => {
    const all = pages.flatMap((page) => blocksOf(page)).flatMap(({ lines }) => lines);
    const left = all.filter(
      ({ command }) => reasonOf(command) !== undefined && command.includes("awsrole"),
    );
    expect(all.length).toBeGreaterThan(40);
    // Signing in and what needs a sign-in are the most of them: login.test.ts and sync.test.ts run those.
    expect(left.length / all.length).toBeLessThan(0.25);
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

describe("docs/picture.svg", () => {
  it("shows commands that there are, and nothing of the machine it was made on", () => {
    const text = readFileSync(join(root, "docs", "picture.svg"), "utf8");
    const shown = text.replaceAll(/<[^>]+>/g, "");
    const names = [...shown.matchAll(/^\$ awsrole ([a-z-]+)/gm)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !Object.hasOwn(commands, name))).toEqual([]);
    expect([...shown.matchAll(/\/[\w/.-]+/g)].map(([path]) => path)).toEqual([
      "/example-role",
      "/home/bob/.aws/config",
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
      "the keychain did not answer",
    ];
    const page = read("docs/troubleshooting.md");
    expect(own.filter((text) => !source.includes(text) || !page.includes(text))).toEqual([]);
  });
});

function reasonOf(command: string): string | undefined {
  return notRun.find(([line]) => line.test(command))?.[1];
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
  const script = lines.map(({ command }) => `${command}\necho "== ${status}"`).join("\n");
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
    .replaceAll(/\d\d:\d\d \(\d+ min\)/g, "TIME")
    .replaceAll(/A(?:RO|ID)A[A-Z0-9]{10,}/g, "ID")
    .replaceAll("in the file store", "in the keychain store")
    .replaceAll(/\/\S*(?=\/\.aws\/)/g, "~")
    .trimEnd();
}
