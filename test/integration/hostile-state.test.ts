/** A state folder that is not ours alone, full, read-only, or replaced while we work: credentials come all the same, nothing is believed. */
import { shortHash } from "../../src/foundation/hash.ts";
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openPendingRotations } from "../../src/keys/rotation-file.ts";
import { hashText } from "../../src/profiles/undo-journal.ts";
import { createSetupRecords } from "../../src/commands/setup/record.ts";
import { titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const isRoot = process.geteuid?.() === 0;
const notRoot = isRoot ? undefined : "only root can make another user's folder";
const noMount =
  isRoot && spawnSync("unshare", ["-m", "true"]).status === 0
    ? undefined
    : "no small disk can be mounted";
const passphrase = "a passphrase";

let sts: AwsDouble;
let home: Home;
let state: string;
beforeAll(async () => {
  sts = await startAwsDouble();
});
afterAll(() => sts.close());
beforeEach(() => {
  home = createRoleHome(sts);
  state = join(home.path, "state", "awsrole");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(join(home.path, "passphrase"), passphrase, { mode: 0o600 });
});
afterEach(() => home.remove());

const environment = (): NodeJS.ProcessEnv => ({
  ...home.env,
  AWSROLE_PASSPHRASE_FILE: join(home.path, "passphrase"),
});
const run = (...words: string[]): Promise<Finished> => runAwsrole(words, { env: environment() });

/** Without a store by name: uncached, silently for programs, with a word for people. With one: an error that names the place. */
async function expectRefused(message: RegExp): Promise<void> {
  const delivered = await runAwsrole(["credential-process", "--profile", "prod"], {
    env: { ...environment(), DBUS_SESSION_BUS_ADDRESS: "disabled:" },
  });
  expect(delivered).toMatchObject({ code: 0, stderr: "" });
  for (const store of ["file", "plaintext"]) {
    const named = await run("credential-process", "--profile", "prod", "--store", store);
    expect(named).toMatchObject({ code: 1, stdout: "" });
    expect(named.stderr).toMatch(message);
    expect(named.stderr).toMatch(/\nawsrole: hint: /);
  }
}

describe("a state folder", () => {
  it("that others can write: nothing is kept there, and its rows delete nothing", async () => {
    chmodSync(state, 0o777);
    await expectRefused(/can be changed by others/);
    mkdirSync(join(state, "items"));
    writeFileSync(
      join(state, "items", "planted.json"),
      JSON.stringify({
        account: "key/v1/AKIAIOSFODNN7EXAMPLE",
        kind: "role",
        store: "file",
        profile: "prod",
      }),
    );
    const { code, stderr } = await run("logout", "--all");
    expect(code).toBe(1);
    expect(stderr).toMatch(/can be changed by others\nawsrole: hint: chmod go-w /);
  });

  it("that others can write: their links are not written through", async () => {
    appendFileSync(home.configFile, `\nawsrole_mfa_serial = ${sts.bob.mfaSerial}\n`);
    const precious = join(home.path, "precious");
    writeFileSync(precious, "precious");
    mkdirSync(join(state, "mfa"));
    symlinkSync(precious, join(state, "mfa", `${shortHash(sts.bob.mfaSerial ?? "")}.json`));
    const spend = async (): Promise<string> => {
      const code = sts.currentCode(sts.bob);
      const words = ["credential-process", "--profile", "prod", "--store", "none"];
      expect(await run(...words, "--mfa-code", code)).toMatchObject({ code: 0, stderr: "" });
      return readFileSync(precious, "utf8");
    };
    for (const folder of [state, join(state, "mfa")]) {
      chmodSync(folder, 0o777);
      expect(await spend()).toBe("precious");
      chmodSync(folder, 0o700);
      sts.clock.advance(30_000);
    }
    // Where only we can change the folders it is written, and takes the link's place.
    expect(await spend()).toBe("precious");
    const written = join(state, "mfa", `${shortHash(sts.bob.mfaSerial ?? "")}.json`);
    expect(lstatSync(written).isSymbolicLink()).toBe(false);
    expect(readFileSync(written, "utf8")).toMatch(/"usedAt"/);
  });

  it("that others can write: undo does not believe what it says, nor is anything written down there", async () => {
    const before = readFileSync(home.configFile, "latin1");
    const line = "credential_process = /somebody/elses/program\n";
    mkdirSync(join(state, "undo"));
    writeFileSync(
      join(state, "undo", "000000000000001-00000000.json"),
      JSON.stringify({
        v: 1,
        file: home.configFile,
        action: "add-profile x",
        at: new Date().toISOString(),
        before: hashText(line + before),
        after: hashText(before),
        edits: [{ line: 1, removed: [line], added: [] }],
      }),
    );
    chmodSync(state, 0o777);
    const undone = await run("undo");
    expect(undone).toMatchObject({ code: 1, stderr: expect.stringMatching(/changed by others/) });
    expect(readFileSync(home.configFile, "latin1")).toBe(before);
    expect(await run("edit-profile", "prod", "--region", "us-east-1")).toMatchObject({ code: 0 });
    expect(readdirSync(join(state, "undo"))).toHaveLength(1);
    chmodSync(state, 0o700);
    writeFileSync(home.configFile, before);
    expect(await run("undo", "--dry-run")).toMatchObject({ code: 0 });
  });

  it("that others can write: it decides neither which key is old, nor whose roles a setup made", () => {
    const marks = openPendingRotations(state);
    const records = createSetupRecords(state);
    const mark = { oldAccessKeyId: "AKIAIOSFODNN7EXAMPLE", startedAt: new Date(0) };
    marks.put(mark);
    chmodSync(state, 0o777);
    const isRefused = expect.objectContaining({ code: "ERR_STORE_FAILED" });
    expect(() => marks.find(mark.oldAccessKeyId)).toThrow(isRefused);
    expect(() => marks.put(mark)).toThrow(isRefused);
    expect(() => records.find("team")).toThrow(isRefused);
  });

  it.skipIf(notRoot !== undefined)(
    titled("that is another user's: as with sudo, nothing of root's is left in it", notRoot),
    async () => {
      chownSync(state, 12_345, 12_345);
      await expectRefused(/belongs to another user/);
      // The mark of a logout and the like are not secrets; items and rows must not be there.
      expect(readdirSync(state).filter((name) => ["file", "plaintext"].includes(name))).toEqual([]);
    },
  );

  it("that is a link, for the stores of files", async () => {
    const elsewhere = join(home.path, "elsewhere");
    mkdirSync(elsewhere, { mode: 0o700 });
    rmSync(state, { recursive: true });
    symlinkSync(elsewhere, state);
    await expectRefused(/is a link/);
  });

  it("with a file in its place", async () => {
    rmSync(state, { recursive: true });
    writeFileSync(state, "");
    await expectRefused(/is not a folder|cannot be (?:used|written)/);
  });

  it.skipIf(noMount !== undefined)(
    titled(
      "on a disk that is full, and on one that is read-only: delivered uncached, and people are told",
      noMount,
    ),
    async () => {
      const nothingKept = { code: 0, stderr: "" };
      execFileSync("mount", ["-t", "tmpfs", "-o", "mode=700,nr_inodes=1", "tmpfs", state]);
      try {
        for (const options of ["remount,nr_inodes=1", "remount,ro"]) {
          execFileSync("mount", ["-o", options, state]);
          for (const store of ["file", "plaintext"])
            expect(
              await run("credential-process", "--profile", "prod", "--store", store),
            ).toMatchObject(nothingKept);
          expect(readdirSync(state)).toEqual([]);
          const { code, stderr } = await run("whoami", "prod", "--store", "plaintext");
          expect(code).toBe(0);
          expect(stderr).toMatch(/nothing is cached: [^\n]*cannot be written/);
        }
      } finally {
        execFileSync("umount", [state]);
      }
    },
  );

  it("whose store folder is swapped for a link while we work (which takes our own rights): what is written is still private", async () => {
    const elsewhere = join(home.path, "elsewhere");
    mkdirSync(elsewhere, { mode: 0o700 });
    expect(
      await run("credential-process", "--profile", "prod", "--store", "plaintext"),
    ).toMatchObject({ code: 0 });
    let swaps = 0;
    const folder = join(state, "plaintext");
    const swapping = setInterval(() => {
      try {
        rmSync(folder, { recursive: true, force: true });
        if (++swaps % 2 === 0) mkdirSync(folder, { mode: 0o700 });
        else symlinkSync(elsewhere, folder);
      } catch {
        // The program has made it again in between.
      }
    }, 3);
    try {
      for (let n = 0; n < 6; n += 1) {
        const words = ["credential-process", "--profile", "prod", "--force-refresh"];
        const { code, stdout } = await run(...words, "--store", "plaintext");
        if (code === 0) expect(JSON.parse(stdout)).toMatchObject({ Version: 1 });
        else expect(stdout).toBe("");
      }
    } finally {
      clearInterval(swapping);
    }
    expect(swaps).toBeGreaterThan(10);
    for (const name of readdirSync(elsewhere))
      expect(statSync(join(elsewhere, name)).mode & 0o777, name).toBe(0o600);
  });
});

describe.skipIf(process.platform !== "linux")(
  titled("a state folder below /proc", process.platform === "linux" ? undefined : "not on Linux"),
  () => {
    // Absent, though what is above it is there, and impossible to make: node's own recursive mkdir never comes back from it.
    const below = { AWSROLE_STATE_DIR: "/proc/awsrole/state" };

    it.each(["plaintext", "file"])("delivers all the same with the store %s", async (store) => {
      const finished = await runAwsrole(["credential-process", "--profile", "prod"], {
        env: { ...environment(), ...below, AWSROLE_STORE: store },
      });
      expect(finished).toMatchObject({ code: 0, stderr: "" });
      expect(JSON.parse(finished.stdout)).toHaveProperty("SessionToken");
    });

    it("keeps nobody from editing a profile, but from undoing it", async () => {
      const finished = await runAwsrole(["edit-profile", "prod", "--duration-seconds", "1800"], {
        env: { ...environment(), ...below },
      });
      expect(finished.code).toBe(0);
      expect(finished.stdout + finished.stderr).toMatch(/cannot be written \(ENOENT\)/);
      const config = { ...environment(), AWS_CONFIG_FILE: "/proc/awsrole/config" };
      const added = await runAwsrole(
        [
          "add-profile",
          "p",
          "--role-arn",
          "arn:aws:iam::123456789012:role/r",
          "--source-profile",
          "bob",
        ],
        { env: config },
      );
      expect(added).toMatchObject({ code: 1, stdout: "" });
      expect(added.stderr).toMatch(/its folder cannot be created/);
    });
  },
);
