import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  credentialProcessLine,
  findProgram,
  type Running,
} from "../../../src/program/program-path.ts";
import { titled } from "../../support/installed.ts";
import { rootsFolder } from "../../support/other-user.ts";

const notRoot = process.getuid?.() === 0 ? undefined : "only root can make another user's file";

/** Not below the temporary folder, to which everybody may write, where there is another place. */
const isRoot = process.getuid?.() === 0 && process.platform === "linux";
const parent = isRoot ? rootsFolder : homedir();
const onlyShared = isRoot ? undefined : "there may be no folder that nobody else can write";
let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(parent, "awsrole-path-test-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** An executable file; returns its path. */
function place(path: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o755 });
  return file;
}

function link(path: string, target: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  symlinkSync(target, file);
  return file;
}

function running(execPath: string, script: string | undefined, ...path: string[]): Running {
  return {
    env: { PATH: path.map((folder) => join(root, folder)).join(":") },
    platform: "linux",
    execPath,
    script,
  };
}

// Windows has rules of its own: windows-program.test.ts.
describe.skipIf(process.platform === "win32")(
  "the program in a credential_process line (paths and owners of POSIX)",
  () => {
    it("is node and the script, both by the names on PATH that an upgrade keeps", () => {
      const node = place("Cellar/node/22.1.0/bin/node");
      const script = place("Cellar/node/22.1.0/lib/node_modules/awsrole/bin/awsrole.js");
      const stable = [link("bin/node", node), link("bin/awsrole", script)];
      expect(findProgram(running(node, script, "other", "bin")).words).toEqual(stable);
    });

    it("is the script as it was called when PATH leads to another awsrole", () => {
      const node = place("bin/node");
      place("bin/awsrole");
      const script = place("clone/bin/awsrole.js");
      expect(findProgram(running(node, script, "bin")).words).toEqual([node, script]);
    });

    it("is the stand-alone program by itself", () => {
      const program = place("opt/awsrole-1.2.3/awsrole");
      const stable = link("bin/awsrole", program);
      expect(findProgram(running(program, undefined, "bin")).words).toEqual([stable]);
    });

    it("is never in a folder that lives as long as one shell, nor in node_modules/.bin", () => {
      const node = place("fnm/node-versions/v22/bin/node");
      const script = place("project/node_modules/awsrole/bin/awsrole.js");
      link("fnm_multishells/1/bin", dirname(node));
      const called = link("project/node_modules/.bin/awsrole", script);
      expect(
        findProgram(running(node, called, "fnm_multishells/1/bin", "project/node_modules/.bin"))
          .words,
      ).toEqual([node, script]);
    });

    it("is not found in npx's cache: awsrole has to be installed", () => {
      const node = place("bin/node");
      const script = place(".npm/_npx/abc/node_modules/awsrole/bin/awsrole.js");
      expect(() => findProgram(running(node, script))).toThrow(/npx's cache/);
    });

    it.skipIf(process.platform === "win32")("is not where any user could replace it", () => {
      const node = place("bin/node");
      const script = place("open/folder/awsrole.js");
      chmodSync(join(root, "open"), 0o777);
      expect(() => findProgram(running(node, script))).toThrow(
        /replaced by another user: .* can be written by every user/,
      );
      chmodSync(join(root, "open"), 0o755);
      chmodSync(script, 0o757);
      expect(() => findProgram(running(node, script))).toThrow(
        /replaced by another user: .* can be written by every user/,
      );
    });

    it.skipIf(onlyShared !== undefined)(
      titled("comes with a warning below a folder like /tmp", onlyShared),
      () => {
        const node = place("bin/node");
        const script = place("tmp/clone/awsrole.js");
        chmodSync(join(root, "tmp"), 0o1777);
        const { words, warnings } = findProgram(running(node, script));
        expect(words).toEqual([node, script]);
        expect(warnings).toEqual([expect.stringContaining("which everyone can write")]);
      },
    );

    it.skipIf(process.platform === "win32")(
      "is not behind a link that any user could replace",
      () => {
        const node = place("bin/node");
        const script = place("safe/awsrole.js");
        mkdirSync(join(root, "open"));
        link("open/awsrole", script);
        const called = link("bin/awsrole", join(root, "open/awsrole"));
        expect(findProgram(running(node, called, "bin")).words).toEqual([node, called]);
        // With the sticky bit, too: /tmp is emptied at the next start.
        for (const mode of [0o777, 0o1777]) {
          chmodSync(join(root, "open"), mode);
          expect(findProgram(running(node, called, "bin")).words).toEqual([node, script]);
          expect(() => findProgram(running(node, undefined), called)).toThrow(
            `could be replaced by another user: ${join(root, "open")} can be written by every user`,
          );
        }
      },
    );

    it.skipIf(process.platform === "win32")(
      "is not there when its bundles could be replaced",
      () => {
        const node = place("bin/node");
        const script = place("app/bin/awsrole.js");
        chmodSync(place("app/dist/cli.js"), 0o666);
        expect(() => findProgram(running(node, script))).toThrow(/dist\/cli\.js can be written/);
      },
    );

    describe.skipIf(notRoot !== undefined)(titled("and other users", notRoot), () => {
      const stranger = 12345;

      it("does not belong to one, nor any folder or link on the way", () => {
        const node = place("bin/node");
        const script = place("app/lib/awsrole.js");
        const called = link("bin/awsrole", script);
        for (const theirs of ["app", "app/lib", "app/lib/awsrole.js", "bin/awsrole"]) {
          lchownSync(join(root, theirs), stranger, stranger);
          expect(() => findProgram(running(node, undefined), called)).toThrow(
            `${join(root, theirs)} belongs to another user (uid ${stranger})`,
          );
          lchownSync(join(root, theirs), 0, 0);
        }
        expect(findProgram(running(node, undefined), called).words).toEqual([called]);
      });

      it("is not where a group with others in it can write, but may be where only we are in it", () => {
        const node = place("bin/node");
        const script = place("shared/awsrole.js");
        chmodSync(join(root, "shared"), 0o775);
        expect(findProgram(running(node, script)).words).toEqual([node, script]);
        // A group that no file of this machine knows can be a directory service's.
        chownSync(join(root, "shared"), 0, 4_000_000);
        expect(() => findProgram(running(node, script))).toThrow(
          `${join(root, "shared")} can be written by the group 4000000`,
        );
      });

      it("comes with a warning where Homebrew's group can write", () => {
        const prefix = "/home/linuxbrew/.linuxbrew";
        if (existsSync("/home/linuxbrew")) return;
        try {
          const node = place("bin/node");
          mkdirSync(join(prefix, "lib"), { recursive: true, mode: 0o755 });
          const script = join(prefix, "lib/awsrole.js");
          writeFileSync(script, "", { mode: 0o755 });
          chownSync(join(prefix, "lib"), 0, 4_000_000);
          chmodSync(join(prefix, "lib"), 0o775);
          const { words, warnings } = findProgram(running(node, script));
          expect(words).toEqual([node, script]);
          expect(warnings).toEqual([
            `${script}: ${prefix}/lib can be written by the group 4000000: its members can replace the program`,
          ]);
        } finally {
          rmSync("/home/linuxbrew", { recursive: true, force: true });
        }
      });
    });

    it("is quoted where its path has a space, and the line still ends in a plain word", () => {
      const node = place("bin/node");
      const script = place("my tools/awsrole.js");
      expect(credentialProcessLine(findProgram(running(node, script)), "prod")).toBe(
        `${node} "${script}" credential-process --profile prod`,
      );
    });

    it("comes with a warning where it must be quoted, which Go SDK v1 does not read", () => {
      const node = place("bin/node");
      const script = place("my tools/awsrole.js");
      const quoted = [expect.stringMatching(/my tools\/awsrole\.js has a space .* Go SDK v1/)];
      expect(findProgram(running(node, script)).warnings).toEqual(quoted);
      expect(findProgram(running(node, undefined), script).warnings).toEqual(quoted);
      const plain = link("tools/awsrole", script);
      expect(findProgram(running(node, undefined), plain).warnings).toEqual([]);
    });

    it.each(["#", ";", '"', "$", "`", "\\", "[", "]", "\n"])(
      "is refused when its path has a %j",
      (character) => {
        const node = place("bin/node");
        const script = place(`odd${character}folder/awsrole.js`);
        expect(() => findProgram(running(node, script))).toThrow(/characters/);
      },
    );

    it("is what a person chose, if that is an absolute path of an executable", () => {
      const chosen = place("opt/awsrole");
      const any = running("/bin/node", undefined);
      expect(findProgram(any, chosen).words).toEqual([chosen]);
      expect(() => findProgram(any, "awsrole")).toThrow(/not an absolute path/);
      expect(() => findProgram(any, join(root, "missing"))).toThrow(/is not a file/);
      expect(() => findProgram(any, root)).toThrow(/is not a file/);
      chmodSync(chosen, 0o644);
      expect(() => findProgram(any, chosen)).toThrow(/is not executable/);
    });
  },
);
