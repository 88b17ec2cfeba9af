import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  openStateFile,
  removeLeftovers,
  type StateFile,
  stateFileNames,
} from "../../../src/state/json-file.ts";
import { expectMode } from "../../support/file-mode.ts";

let base: string;
let state: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "json-file-"));
  state = join(base, "state");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const open = (name = "notes/a.json"): StateFile<string> =>
  openStateFile(state, name, (value) => (typeof value === "string" ? value : undefined));

describe("a file of the state directory", () => {
  it("is read as it was written, and is for its owner only, as its directories are", () => {
    expect(open().read()).toBeUndefined();
    expect(open().exists()).toBe(false);
    open().write("first");
    open().write("second");
    expect(open().read()).toBe("second");
    expect(open().exists()).toBe(true);
    expectMode(join(state, "notes", "a.json"), 0o600);
    for (const directory of [state, join(state, "notes")]) expectMode(directory, 0o700);
    open().remove();
    open().remove();
    expect(open().read()).toBeUndefined();
  });

  it("that is damaged, of another shape, or a directory is as good as none", () => {
    open().write("text");
    const file = join(state, "notes", "a.json");
    for (const text of ["", '"tex', "{}", "7"]) {
      writeFileSync(file, text);
      expect(open().read(), text).toBeUndefined();
    }
    rmSync(file);
    mkdirSync(file);
    expect(open().read()).toBeUndefined();
    expect(() => open().write("text")).toThrow();
    expect(readdirSync(join(state, "notes"))).toEqual(["a.json"]);
  });

  it("that is a link is replaced, and what it points to is left alone", () => {
    const precious = join(base, "precious");
    writeFileSync(precious, "precious");
    mkdirSync(join(state, "notes"), { recursive: true, mode: 0o700 });
    symlinkSync(precious, join(state, "notes", "a.json"));
    open().write("text");
    expect(readFileSync(precious, "utf8")).toBe("precious");
    expect(open().read()).toBe("text");
  });

  it.skipIf(process.platform === "win32")(
    "is neither believed nor written where others can change a directory (modes of POSIX)",
    () => {
      open().write("text");
      const isRefused = expect.objectContaining({ code: "ERR_STORE_FAILED" });
      for (const directory of [state, join(state, "notes")]) {
        chmodSync(directory, 0o770);
        expect(() => open().read()).toThrow(isRefused);
        expect(() => open().write("other")).toThrow(isRefused);
        expect(() => stateFileNames(state, "notes")).toThrow(isRefused);
        chmodSync(directory, 0o700);
      }
      expect(open().read()).toBe("text");
    },
  );

  it("is listed by its name; what a killed writer left is not", () => {
    expect(stateFileNames(state, "notes")).toEqual([]);
    open("notes/a.json").write("a");
    open("notes/b.json").write("b");
    writeFileSync(join(state, "notes", "b.json.12-abc.tmp"), "");
    expect(stateFileNames(state, "notes").toSorted()).toEqual(["a", "b"]);
  });
});

it("what a killed process left goes, and nothing that is or may be in use", () => {
  open().write("kept");
  const ended = spawnSync(process.execPath, ["-e", ""]).pid;
  const anHourAgo = Date.now() / 1000 - 3600;
  const leave = (name: string, isOld: boolean): void => {
    const file = join(state, "notes", name);
    writeFileSync(file, "cut");
    if (isOld) utimesSync(file, anHourAgo, anHourAgo);
  };
  leave(`a.json.${ended}-abc1.tmp`, true);
  leave(`a.json.${ended}-new.tmp`, false);
  leave(`a.json.${process.pid}-own.tmp`, true);
  leave("a.json.tmp", true);
  removeLeftovers(state);
  removeLeftovers(join(base, "absent"));
  expect(readdirSync(join(state, "notes")).toSorted()).toEqual(
    ["a.json", "a.json.tmp", `a.json.${ended}-new.tmp`, `a.json.${process.pid}-own.tmp`].toSorted(),
  );
});
