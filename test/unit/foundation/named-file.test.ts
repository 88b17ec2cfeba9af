import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  isNetworkPath,
  namedFileProblem,
  readNamedFile,
} from "../../../src/foundation/named-file.ts";

describe("reading a file that others name", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-named-"));
    writeFileSync(join(folder, "file"), "0123456789");
    mkdirSync(join(folder, "folder"));
    if (process.platform === "win32") return;
    symlinkSync("file", join(folder, "link"));
    symlinkSync("/dev/zero", join(folder, "endless"));
    execFileSync("mkfifo", [join(folder, "fifo")]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const problemOf = (name: string, maxBytes = 10): string => {
    try {
      return `read ${readNamedFile(join(folder, name), { maxBytes }).toString()}`;
    } catch (error) {
      return namedFileProblem(error);
    }
  };

  it("gives a file of the greatest size whole", () => {
    expect(problemOf("file")).toBe("read 0123456789");
  });

  it("says why another is refused", () => {
    expect(problemOf("file", 9)).toBe("is too large");
    expect(problemOf("absent")).toBe("does not exist");
    expect(problemOf("folder")).toBe("is a folder, not a file");
    const below = process.platform === "win32" ? "does not exist" : "cannot be read (ENOTDIR)";
    expect(problemOf("file/below")).toBe(below);
  });

  it.skipIf(process.platform === "win32")(
    "waits for no writer and reads nothing that never ends",
    () => {
      expect(problemOf("link")).toBe("read 0123456789");
      expect(problemOf("fifo")).toBe("is not a regular file");
      expect(problemOf("endless")).toBe("is not a regular file");
    },
  );

  it.skipIf(process.platform !== "linux")("does not believe a size of 0", () => {
    const read = readNamedFile("/proc/self/status", { maxBytes: 64 * 1024 });
    expect(read.toString()).toMatch(/^Name:/);
  });

  it("does not open what is on the network", () => {
    expect(isNetworkPath(String.raw`\\evil\share\policy.json`)).toBe(true);
    expect(isNetworkPath(String.raw`\\?\UNC\evil\share\policy.json`)).toBe(true);
    expect(isNetworkPath(String.raw`\\?\C:\policy.json`)).toBe(false);
    expect(isNetworkPath("/etc/policy.json")).toBe(false);
    expect(() => readNamedFile(String.raw`\\evil\share`, { maxBytes: 1 })).toThrow(
      "is on the network",
    );
  });
});
