import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chownSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { examineRuntimeFolders, runtimeFolder } from "../../../src/state/runtime-dir.ts";

const uid = process.getuid?.() ?? 0;
const last = `/tmp/awsrole-${uid}`;

let base: string;
beforeEach(() => {
  base = mkdtempSync("/tmp/rt-");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** The folder that is chosen with only TMPDIR set, and why the first place was turned down. */
function withTmpdir(TMPDIR: string) {
  const { folder, rejected } = examineRuntimeFolders({ TMPDIR }, "linux");
  return { folder, reason: rejected[0]?.reason };
}

describe("the runtime folder", () => {
  it("is made in XDG_RUNTIME_DIR, for us alone", () => {
    const folder = runtimeFolder({ XDG_RUNTIME_DIR: base, TMPDIR: "/elsewhere" }, "linux");
    expect(folder).toBe(join(base, "awsrole"));
    expect(statSync(join(base, "awsrole")).mode & 0o777).toBe(0o700);
  });

  it("is the same one the next time", () => {
    const env = { XDG_RUNTIME_DIR: base };
    expect(runtimeFolder(env, "linux")).toBe(runtimeFolder(env, "linux"));
  });

  it("is in the temporary folder where XDG_RUNTIME_DIR is absent, relative or missing", () => {
    for (const XDG_RUNTIME_DIR of [undefined, "", "relative", join(base, "missing")]) {
      const env = { TMPDIR: base, ...(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR }) };
      expect(runtimeFolder(env, "linux")).toBe(join(base, `awsrole-${uid}`));
    }
  });

  it("is in /tmp where TMPDIR is absent, relative, missing or too long for a socket's path", () => {
    const long = join(base, "x".repeat(60));
    mkdirSync(long);
    for (const TMPDIR of [undefined, "relative", join(base, "missing"), long]) {
      expect(runtimeFolder(TMPDIR === undefined ? {} : { TMPDIR }, "darwin")).toBe(last);
    }
    expect(withTmpdir(long).reason).toBe("its path is longer than 68 bytes");
  });

  it("counts bytes, not characters", () => {
    const long = join(base, "ü".repeat(25));
    mkdirSync(long);
    expect(withTmpdir(long).folder).toBe(last);
  });

  it("is never a link, a file, or a folder that others may enter, and leaves those as they are", () => {
    const place = join(base, `awsrole-${uid}`);

    symlinkSync("/root", place);
    expect(withTmpdir(base)).toEqual({ folder: last, reason: "it is a link" });
    rmSync(place);

    writeFileSync(place, "");
    expect(withTmpdir(base)).toEqual({ folder: last, reason: "it is not a folder" });
    rmSync(place);

    for (const mode of [0o777, 0o755, 0o710, 0o1777]) {
      mkdirSync(place);
      chmodSync(place, mode);
      expect(withTmpdir(base)).toEqual({ folder: last, reason: "others may enter it" });
      expect(statSync(place).mode & 0o7777).toBe(mode);
      rmSync(place, { recursive: true });
    }
  });

  it.skipIf(uid !== 0)(
    "is never another user's, and is not made in another user's XDG_RUNTIME_DIR",
    () => {
      const place = join(base, `awsrole-${uid}`);
      mkdirSync(place, { mode: 0o700 });
      chownSync(place, 12345, 12345);
      expect(withTmpdir(base)).toEqual({ folder: last, reason: "it belongs to another user" });

      chownSync(base, 12345, 12345);
      expect(runtimeFolder({ XDG_RUNTIME_DIR: base, TMPDIR: "relative" }, "linux")).toBe(last);
      expect(existsSync(join(base, "awsrole"))).toBe(false);
    },
  );

  it("is undefined where no place will do", () => {
    expect(runtimeFolder({}, "win32")).toBeUndefined();
    expect(runtimeFolder({ LOCALAPPDATA: "relative" }, "win32")).toBeUndefined();
  });
});
