/** A state folder that is not ours alone, full, read-only, or replaced while we work: credentials come all the same, nothing is believed. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startStsDouble, type StsDouble } from "../support/sts-double.ts";

const isRoot = process.geteuid?.() === 0;
const notRoot = isRoot ? undefined : "only root can make another user's folder";
const noMount =
  isRoot && spawnSync("unshare", ["-m", "true"]).status === 0
    ? undefined
    : "no small disk can be mounted";
const passphrase = "a passphrase";

let sts: StsDouble;
let home: Home;
let state: string;
beforeAll(async () => {
  sts = await startStsDouble();
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
    env: { ...environment(), DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent" },
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
        // The program has made it anew in between.
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
