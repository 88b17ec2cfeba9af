import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findOnPath, isExecutable } from "../../../src/foundation/find-executable.ts";

const root = mkdtempSync(join(tmpdir(), "awsrole-path-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
for (const folder of ["one", "two"]) mkdirSync(join(root, folder));
writeFileSync(join(root, "one", "tool"), "");
writeFileSync(join(root, "two", "tool"), "");
chmodSync(join(root, "two", "tool"), 0o755);
const env = { PATH: `relative::${root}/one:${root}/absent:${root}/one/tool:${root}/two` };

describe("a name looked for on PATH", () => {
  it("is found in the folders' order, in absolute folders only", () => {
    expect([...findOnPath(["tool"], { env, platform: "linux" })]).toEqual([
      `${root}/one/tool`,
      `${root}/two/tool`,
    ]);
    const asked: string[] = [];
    const accepts = (file: string): boolean => asked.push(file) === 0;
    expect([...findOnPath(["tool"], { env, platform: "linux", accepts })]).toEqual([]);
    expect(asked.every((file) => file.startsWith(root))).toBe(true);
  });

  it("is looked for in relative and empty folders, too, where the system would", () => {
    const asked: string[] = [];
    const accepts = (file: string): boolean => asked.push(file) === 0;
    const search = { env, platform: "linux", accepts, withRelativeFolders: true } as const;
    expect([...findOnPath(["tool"], search)]).toEqual([]);
    expect(asked.slice(0, 2)).toEqual(["relative/tool", "tool"]);
  });

  it("can be one that may be executed", () => {
    const search = { env, platform: "linux", accepts: isExecutable } as const;
    expect(findOnPath(["tool"], search).next().value).toBe(`${root}/two/tool`);
  });

  it("is nowhere without PATH", () => {
    expect([...findOnPath(["tool"], { env: {}, platform: "linux" })]).toEqual([]);
  });

  it("is found by PATH in any case, and in quoted folders, on Windows", () => {
    const search = { env: { path: `"C:\\a b";C:\\c` }, platform: "win32", accepts: () => true };
    expect([...findOnPath(["x.exe"], search as Parameters<typeof findOnPath>[1])]).toEqual([
      "C:\\a b\\x.exe",
      "C:\\c\\x.exe",
    ]);
  });
});
