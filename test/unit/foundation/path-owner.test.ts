import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  describeOpenStep,
  openSteps,
  ourselves,
  pathSteps,
  type PathUser,
} from "../../../src/foundation/path-owner.ts";
import { titled } from "../../support/installed.ts";

const onWindows = process.platform === "win32" ? "there are no owners and modes" : undefined;
const notRoot = process.getuid?.() === 0 ? undefined : "only root can make another user's file";
const stranger = 12345;

/** Not below /tmp: everybody may write there. */
let base: string;
beforeEach(() => {
  base = mkdtempSync(join(homedir(), ".awsrole-owner-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function folder(path: string, mode = 0o755): string {
  const made = join(base, path);
  mkdirSync(made, { recursive: true });
  chmodSync(made, mode);
  return made;
}

function file(path: string, mode = 0o755): string {
  const made = join(base, path);
  writeFileSync(made, "");
  chmodSync(made, mode);
  return made;
}

function link(path: string, target: string): string {
  const made = join(base, path);
  symlinkSync(target, made);
  return made;
}

/** Which steps below `base` are open, and to whom. */
function open(path: string, user?: PathUser): string[] {
  return [...openSteps(path, user)].map(
    (step) => `${step.path.slice(base.length + 1)}: ${step.openTo}`,
  );
}

const inGroup = (whoIsIn: "ours" | "empty" | "others"): PathUser => ({
  uid: process.getuid?.() ?? 0,
  whoIsIn: () => whoIsIn,
});

describe.skipIf(onWindows !== undefined)(titled("the steps of a path", onWindows), () => {
  it("are its names from the root on, and those of the targets of links, one by one", () => {
    folder("a/b");
    file("a/b/end");
    link("a/back", "../a/./b/../b");
    link("start", join(base, "a/back"));
    const steps = [...pathSteps(join(base, "start/end"))].map(({ path }) => path);
    expect(steps[0]).toBe("/");
    const below = steps.filter((path) => path.startsWith(`${base}/`));
    expect(below.map((path) => path.slice(base.length + 1))).toEqual([
      "start",
      "a",
      "a/back",
      "a",
      "a/b",
      "a/b",
      "a/b/end",
    ]);
  });

  it("end with the system's error where a name is missing or links go round", () => {
    link("round", "round");
    expect(() => [...pathSteps(join(base, "missing/end"))]).toThrow(
      expect.objectContaining({ code: "ENOENT" }),
    );
    expect(() => [...pathSteps(join(base, "round"))]).toThrow(
      expect.objectContaining({ code: "ELOOP" }),
    );
  });
});

describe.skipIf(onWindows !== undefined)(titled("a path", onWindows), () => {
  it("that only we and root can change has no open step", () => {
    folder("a");
    link("b", "a");
    file("a/end");
    expect(open(join(base, "b/end"))).toEqual([]);
    expect(open(process.execPath)).toEqual([]);
  });

  it("is open which everyone can write a folder on the way, also between two links, or the file", () => {
    folder("safe");
    folder("open", 0o777);
    file("safe/end");
    link("open/middle", "../safe");
    link("start", "open/middle");
    expect(open(join(base, "start/end"))).toEqual(["open: everybody"]);
    chmodSync(join(base, "open"), 0o755);
    chmodSync(join(base, "safe/end"), 0o757);
    expect(open(join(base, "start/end"))).toEqual(["safe/end: everybody"]);
  });

  it("is not open by a folder with the sticky bit, which lets nobody replace what is ours", () => {
    folder("open", 0o1777);
    file("open/end");
    expect(open(join(base, "open/end"))).toEqual([]);
  });

  it("is open where a group with others in it can write, and not for our own", () => {
    folder("shared", 0o775);
    file("shared/end");
    expect(open(join(base, "shared/end"), inGroup("others"))).toEqual(["shared: group"]);
    expect(open(join(base, "shared/end"), inGroup("empty"))).toEqual(["shared: group"]);
    expect(open(join(base, "shared/end"), inGroup("ours"))).toEqual([]);
    chmodSync(join(base, "shared"), 0o755);
    chmodSync(join(base, "shared/end"), 0o775);
    expect(open(join(base, "shared/end"), inGroup("others"))).toEqual(["shared/end: group"]);
  });

  it.skipIf(notRoot !== undefined)(
    titled(
      "is open where another user owns a folder, a link or the file, whatever the mode",
      notRoot,
    ),
    () => {
      folder("theirs");
      folder("ours");
      file("ours/end");
      link("theirs/link", "../ours/end");
      chownSync(join(base, "theirs"), stranger, stranger);
      expect(open(join(base, "theirs/link"))).toEqual(["theirs: owner"]);
      chownSync(join(base, "theirs"), 0, 0);
      lchownSync(join(base, "theirs/link"), stranger, stranger);
      expect(open(join(base, "theirs/link"))).toEqual(["theirs/link: owner"]);
      lchownSync(join(base, "theirs/link"), 0, 0);
      chownSync(join(base, "ours/end"), stranger, stranger);
      expect([...openSteps(join(base, "theirs/link"))].map(describeOpenStep)).toEqual([
        `${base}/ours/end belongs to another user (uid ${stranger})`,
      ]);
    },
  );

  it("of a socket asks for its owner alone: its mode says who may connect", async () => {
    const server = createServer().listen(join(base, "socket"));
    try {
      await new Promise((resolve) => server.once("listening", resolve));
      chmodSync(join(base, "socket"), 0o777);
      expect(open(join(base, "socket"))).toEqual([]);
    } finally {
      server.close();
    }
  });
});

describe.skipIf(notRoot !== undefined)(titled("a group", notRoot), () => {
  it("is ours when it is root's, and not when it is another user's or unknown", () => {
    expect(ourselves().whoIsIn(0)).toBe("ours");
    // Debian's and macOS's `nobody`.
    const { whoIsIn } = ourselves();
    expect(["others", "empty"]).toContain(whoIsIn(65534));
    expect(whoIsIn(4_000_000)).toBe("others");
  });
});
