import { statSync } from "node:fs";
import { expect } from "vitest";

/** Expects the permission bits of a file or folder. Windows has none: there what is inherited from the folder above decides. */
export function expectMode(path: string, mode: number): void {
  if (process.platform === "win32") return;
  expect(statSync(path).mode & 0o777, path).toBe(mode);
}
