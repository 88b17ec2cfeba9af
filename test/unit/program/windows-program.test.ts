/** Which awsrole.cmd is written into a profile. Windows' own paths are needed, so this runs there alone. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findProgram } from "../../../src/program/program-path.ts";

describe.skipIf(process.platform !== "win32")("npm's batch file (Windows only)", () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "awsrole-path-")));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const place = (path: string, text = ""): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  /** An installation in `folder`, as npm makes it; answers the batch file and the script. */
  const install = (folder: string): readonly [shim: string, script: string] => [
    place(
      `${folder}/awsrole.cmd`,
      '@ECHO off\r\n"%_prog%"  "%dp0%\\node_modules\\awsrole\\bin\\awsrole.js" %*\r\n',
    ),
    place(`${folder}/node_modules/awsrole/bin/awsrole.js`),
  ];
  const find = (script: string, ...folders: string[]): readonly string[] =>
    findProgram({
      env: { Path: folders.map((folder) => join(root, folder)).join(";") },
      platform: "win32",
      execPath: place("node/node.exe"),
      script,
    }).words;

  it("is written where it starts the awsrole that is running", () => {
    const [shim, script] = install("npm");
    expect(find(script, "npm")).toEqual([shim]);
  });

  it("of another installation is passed over, though it is the first on PATH", () => {
    install("other");
    const [shim, script] = install("npm");
    expect(find(script, "other", "npm")).toEqual([shim]);
  });

  it("is not written for a clone: node and the script are", () => {
    install("npm");
    const script = place("clone/bin/awsrole.js");
    expect(find(script, "npm")).toEqual([join(root, "node", "node.exe"), script]);
  });
});
