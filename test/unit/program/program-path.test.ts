import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  credentialProcessLine,
  findProgram,
  type Running,
} from "../../../src/program/program-path.ts";

/** Not below the temporary folder, which everybody may write to. */
let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(homedir(), ".awsrole-path-test-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** An executable file; returns its path. */
function place(path: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o755 });
  return file;
}

function link(path: string, target: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  symlinkSync(target, file);
  return file;
}

function running(execPath: string, script: string | undefined, ...path: string[]): Running {
  return {
    env: { PATH: path.map((folder) => join(root, folder)).join(":") },
    platform: "linux",
    execPath,
    script,
  };
}

describe("the program in a credential_process line", () => {
  it("is node and the script, both by the names on PATH that an upgrade keeps", () => {
    const node = place("Cellar/node/22.1.0/bin/node");
    const script = place("Cellar/node/22.1.0/lib/node_modules/awsrole/bin/awsrole.js");
    const stable = [link("bin/node", node), link("bin/awsrole", script)];
    expect(findProgram(running(node, script, "other", "bin")).words).toEqual(stable);
  });

  it("is the script as it was called when PATH leads to another awsrole", () => {
    const node = place("bin/node");
    place("bin/awsrole");
    const script = place("clone/bin/awsrole.js");
    expect(findProgram(running(node, script, "bin")).words).toEqual([node, script]);
  });

  it("is the stand-alone program by itself", () => {
    const program = place("opt/awsrole-1.2.3/awsrole");
    const stable = link("bin/awsrole", program);
    expect(findProgram(running(program, undefined, "bin")).words).toEqual([stable]);
  });

  it("is never in a folder that lives as long as one shell, nor in node_modules/.bin", () => {
    const node = place("fnm/node-versions/v22/bin/node");
    const script = place("project/node_modules/awsrole/bin/awsrole.js");
    link("fnm_multishells/1/bin", dirname(node));
    const called = link("project/node_modules/.bin/awsrole", script);
    expect(
      findProgram(running(node, called, "fnm_multishells/1/bin", "project/node_modules/.bin"))
        .words,
    ).toEqual([node, script]);
  });

  it("is not found in npx's cache: awsrole has to be installed", () => {
    const node = place("bin/node");
    const script = place(".npm/_npx/abc/node_modules/awsrole/bin/awsrole.js");
    expect(() => findProgram(running(node, script))).toThrow(/npx's cache/);
  });

  it.skipIf(process.platform === "win32")("is not where any user could replace it", () => {
    const node = place("bin/node");
    const script = place("open/folder/awsrole.js");
    chmodSync(join(root, "open"), 0o777);
    expect(() => findProgram(running(node, script))).toThrow(/replaced by any user/);
    chmodSync(join(root, "open"), 0o755);
    chmodSync(script, 0o757);
    expect(() => findProgram(running(node, script))).toThrow(/replaced by any user/);
  });

  it("comes with a warning below a folder like /tmp", () => {
    const node = place("bin/node");
    const script = place("tmp/clone/awsrole.js");
    chmodSync(join(root, "tmp"), 0o1777);
    const { words, warnings } = findProgram(running(node, script));
    expect(words).toEqual([node, script]);
    expect(warnings).toEqual([expect.stringContaining("where everybody can write")]);
  });

  it("passes in a folder that a group may write to, as Homebrew's are", () => {
    const node = place("homebrew/bin/node");
    const script = place("homebrew/lib/awsrole.js");
    chmodSync(join(root, "homebrew"), 0o775);
    expect(findProgram(running(node, script)).words).toEqual([node, script]);
  });

  it("is quoted where its path has a space, and the line still ends in a plain word", () => {
    const node = place("bin/node");
    const script = place("my tools/awsrole.js");
    expect(credentialProcessLine(findProgram(running(node, script)), "prod")).toBe(
      `${node} "${script}" credential-process --profile prod`,
    );
  });

  it.each(["#", ";", '"', "$", "`", "\\", "[", "]", "\n"])(
    "is refused when its path has a %j",
    (character) => {
      const node = place("bin/node");
      const script = place(`odd${character}folder/awsrole.js`);
      expect(() => findProgram(running(node, script))).toThrow(/characters/);
    },
  );

  it("is what a person chose, if that is an absolute path of an executable", () => {
    const chosen = place("opt/awsrole");
    const any = running("/bin/node", undefined);
    expect(findProgram(any, chosen).words).toEqual([chosen]);
    expect(() => findProgram(any, "awsrole")).toThrow(/not an absolute path/);
    expect(() => findProgram(any, join(root, "missing"))).toThrow(/is not a file/);
    expect(() => findProgram(any, root)).toThrow(/is not a file/);
    chmodSync(chosen, 0o644);
    expect(() => findProgram(any, chosen)).toThrow(/is not executable/);
  });
});
