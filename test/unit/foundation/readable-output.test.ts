import type { Stats } from "node:fs";
import { expect, it } from "vitest";
import { isReadableByOthers } from "../../../src/foundation/readable-output.ts";

const found = (kind: "file" | "pipe" | "terminal", mode: number, uid = process.geteuid?.() ?? 0) =>
  ({
    mode,
    uid,
    isFile: () => kind === "file",
    isFIFO: () => kind === "pipe",
  }) as Stats;

it.each([
  ["a private file", found("file", 0o600), "linux", false],
  ["a file that all can read", found("file", 0o644), "linux", true],
  ["a file of another user", found("file", 0o600, 12_345), "darwin", process.platform !== "win32"],
  ["an SDK's pipe on Linux", found("pipe", 0o600), "linux", false],
  ["a named pipe that a group can read", found("pipe", 0o640), "linux", true],
  [
    "an SDK's pipe on macOS, whose mode has the group's bits",
    found("pipe", 0o660),
    "darwin",
    false,
  ],
  ["a terminal", found("terminal", 0o620), "linux", false],
  ["a file on Windows, whose mode says nothing", found("file", 0o666), "win32", false],
] as const)("knows %s", (_what, stats, platform, isReadable) => {
  expect(isReadableByOthers(stats, platform)).toBe(isReadable);
});

it("takes a file of root's for private unless its mode lets others in", () => {
  const us = 12_345;
  expect(isReadableByOthers(found("file", 0o600, 0), "linux", us)).toBe(false);
  expect(isReadableByOthers(found("file", 0o644, 0), "linux", us)).toBe(true);
  expect(isReadableByOthers(found("file", 0o600, us + 1), "linux", us)).toBe(true);
});
