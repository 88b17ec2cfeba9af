import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chownSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { examineRuntimeFolders, runtimeFolder } from "../../../src/state/runtime-dir.ts";
import { titled } from "../../support/installed.ts";
import { buildSourceProgram } from "../../support/bundle.ts";

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

describe.skipIf(process.platform === "win32")(
  "the runtime folder (owners and modes of POSIX)",
  () => {
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

    it("is never a link, a file, or a folder that others may enter: it leaves those as they are and takes another name", () => {
      const place = join(base, `awsrole-${uid}`);
      const other = expect.stringMatching(new RegExp(`^${place}-[0-9a-f]{8}$`)) as unknown;

      symlinkSync("/root", place);
      expect(withTmpdir(base)).toEqual({ folder: other, reason: "it is a link" });
      rmSync(place);

      writeFileSync(place, "");
      expect(withTmpdir(base)).toEqual({ folder: other, reason: "it is not a folder" });
      rmSync(place);

      for (const mode of [0o777, 0o755, 0o710, 0o1777]) {
        mkdirSync(place);
        chmodSync(place, mode);
        expect(withTmpdir(base)).toEqual({ folder: other, reason: "others may enter it" });
        expect(statSync(place).mode & 0o7777).toBe(mode);
        rmSync(place, { recursive: true });
      }
    });

    it("has the same other name for all while the first is taken, and of several the oldest counts", async () => {
      const place = join(base, `awsrole-${uid}`);
      writeFileSync(place, "");
      const first = withTmpdir(base).folder;
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (const name of ["00000000", "ffffffff"]) mkdirSync(`${place}-${name}`, { mode: 0o700 });
      expect(withTmpdir(base).folder).toBe(first);
      expect(readdirSync(base)).toHaveLength(4);
    });

    it("is one for processes that find the name taken at the same moment", async () => {
      writeFileSync(join(base, `awsrole-${uid}`), "");
      const source = await buildSourceProgram(`
      import { runtimeFolder } from "../../src/state/runtime-dir.ts";
      const [, , TMPDIR, at] = process.argv;
      while (Date.now() < Number(at));
      process.stdout.write(runtimeFolder({ TMPDIR }, "linux") ?? "none");`);
      try {
        const at = String(Date.now() + 1500);
        const folders = await Promise.all(
          Array.from({ length: 6 }, async () => {
            const child = spawn(process.execPath, [source.path, base, at], {
              env: { ...process.env, ...source.env },
              stdio: ["ignore", "pipe", "inherit"],
            });
            return text(child.stdout);
          }),
        );
        expect(new Set(folders).size).toBe(1);
        expect(readdirSync(base).toSorted()).toEqual([
          `awsrole-${uid}`,
          folders[0]?.slice(base.length + 1),
        ]);
      } finally {
        source.remove();
      }
    });

    it("is never in a folder where others could put another in its place", () => {
      for (const mode of [0o777, 0o757]) {
        chmodSync(base, mode);
        expect(withTmpdir(base)).toEqual({
          folder: last,
          reason: `${base} can be written by every user`,
        });
        expect(runtimeFolder({ XDG_RUNTIME_DIR: base, TMPDIR: "relative" }, "linux")).toBe(last);
      }
      mkdirSync(join(base, "below"));
      expect(withTmpdir(join(base, "below")).reason).toBe(`${base} can be written by every user`);
      chmodSync(base, 0o1777);
      expect(withTmpdir(base).folder).toBe(join(base, `awsrole-${uid}`));
    });

    it.skipIf(uid !== 0)(
      titled(
        "is never another user's, and is not made in another user's XDG_RUNTIME_DIR",
        uid === 0 ? undefined : "only root can make another user's folder",
      ),
      () => {
        const place = join(base, `awsrole-${uid}`);
        mkdirSync(place, { mode: 0o700 });
        chownSync(place, 12345, 12345);
        mkdirSync(`${place}-00000000`, { mode: 0o700 });
        chownSync(`${place}-00000000`, 12345, 12345);
        const { folder, reason } = withTmpdir(base);
        expect(reason).toBe("it belongs to another user");
        expect(folder).toMatch(new RegExp(`^${place}-[0-9a-f]{8}$`));
        expect(statSync(folder ?? "").uid).toBe(0);

        rmSync(place, { recursive: true });
        symlinkSync(folder ?? "", place);
        lchownSync(place, 12345, 12345);
        expect(withTmpdir(base)).toEqual({ folder, reason: "it belongs to another user" });

        chownSync(base, 12345, 12345);
        expect(runtimeFolder({ XDG_RUNTIME_DIR: base, TMPDIR: "relative" }, "linux")).toBe(last);
        expect(existsSync(join(base, "awsrole"))).toBe(false);
        expect(withTmpdir(base)).toEqual({
          folder: last,
          reason: `${base} belongs to another user (uid 12345)`,
        });
      },
    );
  },
);

describe("the runtime folder on Windows", () => {
  it.skipIf(process.platform !== "win32")(
    "lies in the user's own folder where LOCALAPPDATA is missing, as the state folder does (Windows only)",
    () => {
      const home = mkdtempSync(join(tmpdir(), "rt-"));
      try {
        expect(runtimeFolder({ USERPROFILE: home }, "win32")).toBe(
          join(home, "AppData", "Local", "awsrole", "run"),
        );
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    },
  );

  it("is undefined where no place will do", () => {
    expect(runtimeFolder({}, "win32")).toBeUndefined();
    expect(runtimeFolder({ LOCALAPPDATA: "relative" }, "win32")).toBeUndefined();
  });
});
