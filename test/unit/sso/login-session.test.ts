import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loginFile } from "../../../src/sso/login-session.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "login-session-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (named: string): string =>
  loginFile("arn:aws:iam::123456789012:user/bob", {
    env: { AWS_LOGIN_CACHE_DIRECTORY: named },
    homeFolder: "/home/bob",
  });

describe("the folder that AWS_LOGIN_CACHE_DIRECTORY names", () => {
  it("may be one's own, also one that is not there yet", () => {
    for (const named of [folder, join(folder, "a", "b")])
      expect(inFolder(named)).toMatch(/[0-9a-f]{64}\.json$/);
  });

  it.each([String.raw`\\evil\share\cache`, String.raw`\\?\UNC\evil\share`])(
    "is not on the network: %s",
    (named) => {
      expect(() => inFolder(named)).toThrow(/AWS_LOGIN_CACHE_DIRECTORY = .* is on the network/);
    },
  );

  it.skipIf(process.platform === "win32")(
    "is not one that others can write, by a link neither, nor below one",
    () => {
      const open = join(folder, "open");
      mkdirSync(open);
      chmodSync(open, 0o777);
      mkdirSync(join(open, "below"));
      symlinkSync(open, join(folder, "link"));
      for (const named of [open, join(folder, "link"), join(open, "below"), join(open, "absent")])
        expect(() => inFolder(named)).toThrow(/is not yours alone: .*open can be written by every/);
    },
  );
});
