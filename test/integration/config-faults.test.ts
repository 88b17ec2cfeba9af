/** Editing the config while everything goes wrong: at every moment the file is the old one or the new one, and the message says why. */
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { noOtherUser, runAs, users } from "../support/other-user.ts";
import {
  createHome,
  type Home,
  program,
  runAwsrole,
  runCommand,
  notNode,
} from "../support/run-awsrole.ts";

const faults = fileURLToPath(new URL("../support/file-faults.cjs", import.meta.url));
const arn = "arn:aws:iam::123456789012:role/example-role";
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;

let home: Home;
const hand = (seconds: number): string =>
  `# mine\n[profile prod]\nrole_arn = ${arn}\nsource_profile = bob\nduration_seconds = ${seconds}\n\n# kept\n[default]\nregion = eu-west-1\n`;
beforeEach(() => {
  home = createHome({
    config: hand(900),
    credentials: "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n",
  });
});
afterEach(() => home.remove());

const config = (): string => readFileSync(home.configFile, "utf8");
const edit = (seconds: number): string[] => [
  "edit-profile",
  "prod",
  "--duration-seconds",
  String(seconds),
];
const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runAwsrole(words, { env: { ...home.env, ...env } });
const leftovers = (): string[] =>
  readdirSync(join(home.path, ".aws")).filter((name) => name.includes("awsrole"));
const watched = (): string =>
  isLong ? home.path : [join(home.path, ".aws"), join(home.path, "state")].join(":");
const faulty = (fault: string, at: number): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--require ${faults}`,
  TEST_FAULT: fault,
  TEST_FAULT_AT: String(at),
  ...(isLong ? { TEST_FAULT_ALL: "1" } : {}),
  TEST_FAULT_FOLDERS: watched(),
  TEST_FAULT_CHANGES: home.configFile,
});

// A program with another runtime inside takes no --require.
describe.skipIf(notNode !== undefined)(titled("a change that is", notNode), () => {
  it.each([
    ["before any of its changes to the disk", "kill", 5],
    ["in the middle of any of its writes, the one of what undo needs included", "halfway", 1],
  ])(
    "killed %s leaves the old file or the new one, and undo works",
    { timeout: 600_000 },
    async (_when, fault, least) => {
      let seconds = 900;
      let kills = 0;
      for (let at = 1; ; at += 1) {
        const finished = await run(edit(seconds + 1), faulty(fault, at));
        if (finished.signal === null) {
          expect(finished).toMatchObject({ code: 0, signal: null });
          break;
        }
        expect(finished.signal).toBe("SIGKILL");
        kills += 1;
        const now = config();
        if (now === hand(seconds + 1)) seconds += 1;
        else expect(now).toBe(hand(seconds));
      }
      // The edit has at least this many: else the faults were not where the writing is.
      expect(kills).toBeGreaterThan(least);
      expect(config()).toBe(hand(seconds + 1));
      expect(leftovers()).toEqual([]);
      expect(await run(["undo"])).toMatchObject({ code: 0 });
      expect(config()).toBe(hand(seconds));
    },
  );

  it(
    "taken back and killed at any operation leaves one of the two files, and can be taken back again",
    { timeout: 600_000 },
    async () => {
      await run(edit(901));
      for (let at = 1; ; at += isLong ? 1 : 4) {
        const finished = await run(["undo"], faulty("kill", at));
        if (finished.signal === null) {
          expect(finished).toMatchObject({ code: 0 });
          break;
        }
        if (config() === hand(900)) await run(edit(901));
        expect(config()).toBe(hand(901));
      }
      expect(config()).toBe(hand(900));
      expect(leftovers()).toEqual([]);
    },
  );

  it("made while another program writes the file loses neither change", async () => {
    const finished = await run(edit(901), faulty("change", 1));
    expect(finished).toMatchObject({ code: 0 });
    expect(config()).toBe(`${hand(901)}# by another program\n`);
    expect(leftovers()).toEqual([]);
  });

  it("made while another program never stops writing gives up, says so, and loses nothing", async () => {
    const finished = await run(edit(901), faulty("always change", 0));
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain(
      `${home.configFile} was changed by another program at the same moment`,
    );
    expect(config()).toBe(`${hand(900)}${"# by another program\n".repeat(3)}`);
    expect(leftovers()).toEqual([]);
    expect(readdirSync(join(home.path, "state", "awsrole", "undo"))).toEqual([]);
  });
});

const isRoot = process.geteuid?.() === 0;
const noMounts =
  process.platform === "linux" && isRoot
    ? missing("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"])
    : "only root on Linux can mount";

describe.skipIf(noMounts !== undefined)(titled("on a file system that", noMounts), () => {
  /** Runs a shell script with mounts of its own: `$aws` is the folder, `$edit` the edit. */
  const inOwnMounts = (script: string) =>
    runCommand(["unshare", "--mount", "sh", "-ec", script], {
      env: {
        ...home.env,
        aws: join(home.path, ".aws"),
        edit: [...program, ...edit(901)].join(" "),
      },
    });
  const small =
    "cp -a $aws/config $HOME/copy; mount -t tmpfs -o size=16k,mode=700 none $aws; cp -a $HOME/copy $aws/config";
  const after = "echo code $?; ls -A $aws; cat $aws/config";

  it("is full, leaves the file as it was and says so", async () => {
    const { stdout, stderr } = await inOwnMounts(
      `${small}; dd if=/dev/zero of=$aws/filler bs=1k count=64 2>/dev/null || true; set +e; $edit; ${after}`,
    );
    expect(stderr).toContain("could not be written: the disk is full");
    expect(stdout).toBe(`code 1\nconfig\nfiller\n${hand(900)}`);
  });

  it("is read-only, leaves the file as it was and says so", async () => {
    const { stdout, stderr } = await inOwnMounts(
      `${small}; mount -o remount,ro none $aws; set +e; $edit; ${after}`,
    );
    expect(stderr).toMatch(/config could not be written: the file system is read-only/);
    expect(stdout).toBe(`code 1\nconfig\n${hand(900)}`);
  });

  it("is another device than its folder's (one file mounted), leaves the file as it was and says so", async () => {
    const { stdout, stderr } = await inOwnMounts(
      `mkdir $HOME/disk; mount -t tmpfs none $HOME/disk; cp -a $aws/config $HOME/disk; mount --bind $HOME/disk/config $aws/config; set +e; $edit; ${after}`,
    );
    expect(stderr).toContain(
      "config is a mount point, which cannot be replaced: nothing was changed",
    );
    expect(stdout).toBe(`code 1\nconfig\ncredentials\n${hand(900)}`);
  });

  it("is the same device, but the file is mounted, leaves the file as it was and says so", async () => {
    const { stdout, stderr } = await inOwnMounts(
      `cp -a $aws/config $HOME/elsewhere; mount --bind $HOME/elsewhere $aws/config; set +e; $edit; ${after}`,
    );
    expect(stderr).toContain("could not be replaced: it is in use or a mount point");
    expect(stdout).toBe(`code 1\nconfig\ncredentials\n${hand(900)}`);
  });

  it("is another device than the home's (the whole folder mounted, or a link to it) is written as any other", async () => {
    const { stdout } = await inOwnMounts(
      `${small}; $edit; ln -s $aws/config $HOME/link; AWS_CONFIG_FILE=$HOME/link ${[...program, ...edit(902)].join(" ")}; set +e; ls -A $aws; test -L $HOME/link && cat $aws/config`,
    );
    expect(stdout).toContain(`config\n${hand(902)}`);
  });
});

describe.skipIf(noOtherUser !== undefined)(titled("as another user", noOtherUser), () => {
  const other = users.victim;
  const asOther = (words: readonly string[]) =>
    runAs(other, [...program, ...words], { env: home.env });
  const own = (...files: string[]): void => {
    for (const file of files) chownSync(file, other, other);
  };
  const folder = (name: string): string => join(home.path, name);
  const everything = (): string[] => readdirSync(home.path, { recursive: true, encoding: "utf8" });

  it("root leaves nothing in another user's home, neither in a new file nor in a present one", async () => {
    own(home.path, folder(".aws"), folder("run"), home.configFile, home.credentialsFile);
    const before = everything();
    const present = await run(edit(901));
    expect(present).toMatchObject({ code: 1, stdout: "" });
    expect(present.stderr).toContain(
      "config belongs to another user: nothing was changed\nawsrole: hint: run awsrole as that user, without sudo",
    );
    expect(config()).toBe(hand(900));
    rmSync(home.configFile);
    const added = await run(["add-profile", "new", "--role-arn", arn, "--source-profile", "bob"]);
    expect(added).toMatchObject({ code: 1, stdout: "" });
    expect(added.stderr).toContain("would be owned by root in another user's folder");
    expect(everything().toSorted()).toEqual(
      before.filter((file) => file !== join(".aws", "config")).toSorted(),
    );
  });

  it("root edits its own file, and keeps nothing for undo in a user's home", async () => {
    own(home.path);
    const edited = await run(edit(901));
    expect(edited).toMatchObject({ code: 0 });
    expect(edited.stdout).toMatch(/this change cannot be undone: .* belongs to another user/);
    expect(config()).toBe(hand(901));
    expect(everything()).not.toContain("state");
  });

  it.each([
    [0o600, 0o600],
    [0o664, 0o604],
    [0o2640, 0o600],
  ])(
    "a file of one's own with a group one is not in (mode %o) is written, and the group's rights go",
    async (mode, after) => {
      own(home.path, folder(".aws"), folder("run"), home.credentialsFile);
      chownSync(home.configFile, other, 0);
      chmodSync(home.configFile, mode);
      expect(await asOther(edit(901))).toMatchObject({ code: 0, stderr: "" });
      expect(config()).toBe(hand(901));
      expect(statSync(home.configFile)).toMatchObject({ uid: other, gid: other });
      expect(statSync(home.configFile).mode & 0o7777).toBe(after);
    },
  );

  it("a user writes no file of another user, no read-only folder, and nothing it may not read", async () => {
    own(home.path, folder(".aws"), folder("run"), home.credentialsFile);
    chmodSync(home.configFile, 0o666);
    const foreign = await asOther(edit(901));
    expect(foreign).toMatchObject({ code: 1, stdout: "" });
    expect(foreign.stderr).toContain("config belongs to another user: nothing was changed");
    chmodSync(home.configFile, 0o600);
    const unreadable = await asOther(edit(901));
    expect(unreadable).toMatchObject({ code: 1, stdout: "" });
    expect(unreadable.stderr).toContain("config cannot be read: permission denied");
    own(home.configFile);
    chmodSync(folder(".aws"), 0o500);
    const readOnly = await asOther(edit(901));
    expect(readOnly).toMatchObject({ code: 1, stdout: "" });
    expect(readOnly.stderr).toMatch(
      /config could not be written: permission denied\nawsrole: hint: .*folder/,
    );
    expect(config()).toBe(hand(900));
    chmodSync(folder(".aws"), 0o700);
    expect(await asOther(edit(901))).toMatchObject({ code: 0 });
    expect(config()).toBe(hand(901));
  });
});

it("a state folder that cannot be written costs the way back, not the edit", async () => {
  writeFileSync(join(home.path, "state"), "a file stands where the folder should be");
  const edited = await run(edit(901));
  expect(edited).toMatchObject({ code: 0, stderr: "" });
  expect(edited.stdout).toMatch(/this change cannot be undone: .* cannot be written \(ENOTDIR\)/);
  expect(config()).toBe(hand(901));
});
