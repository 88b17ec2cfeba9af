/** The store "pass" with real gpg: the contract every store keeps, who can read it, and a key that asks. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPassStore, type PassStoreOptions } from "../../src/stores/pass/index.ts";
import { type GpgHome, gpgSkipReason, makeGpgHome } from "../support/gpg-home.ts";
import { titled } from "../support/installed.ts";
import { describeSecretStore } from "../support/secret-store-contract.ts";

const skipReason = gpgSkipReason();
const account = "session/v1/prod/x";
const key = "key/v1/AKIAIOSFODNN7EXAMPLE";
const { platform } = process;
const made = (): string => mkdtempSync(join(tmpdir(), "awsrole-pass-"));

const optionsOf = (
  env: NodeJS.ProcessEnv,
  stateFolder: string,
  more: Partial<PassStoreOptions> = {},
): PassStoreOptions => ({
  stateFolder,
  homeFolder: env["HOME"] ?? "",
  env,
  platform,
  silentAfterMs: () => 20_000,
  mayPrompt: true,
  atTerminal: (work) => work(undefined),
  ...more,
});

describeSecretStore(
  "pass",
  () => {
    const ours = makeGpgHome();
    const state = made();
    return {
      store: createPassStore(optionsOf(ours.env, state)),
      env: ours.env,
      childStore: `import { createPassStore } from "../../src/stores/pass/index.ts";
    const store = createPassStore({ stateFolder: ${JSON.stringify(state)}, homeFolder: "", env: process.env, platform: process.platform, silentAfterMs: () => 20_000, mayPrompt: true, atTerminal: (work) => work(undefined) });`,
      damage: async () => damage(newestItem(join(state, "pass"))),
      close: async () => {
        ours.remove();
        rmSync(state, { recursive: true });
      },
    };
  },
  { skipReason },
);

function newestItem(folder: string): string {
  const items = readdirSync(folder).filter((name) => name.endsWith(".gpg"));
  const [newest] = items
    .map((name) => join(folder, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (newest === undefined) throw new Error("no item");
  return newest;
}

/** One character in the middle. */
function damage(file: string): void {
  const text = readFileSync(file, "utf8");
  const at = Math.floor(text.length / 2);
  writeFileSync(file, `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`);
}

describe.skipIf(skipReason !== undefined)(titled("the pass store", skipReason), () => {
  let gpg: GpgHome;
  let folder: string;
  let stateFolder: string;
  beforeAll(() => void (gpg = makeGpgHome("correct horse")));
  afterAll(() => gpg?.remove());
  beforeEach(() => {
    stateFolder = made();
    folder = join(stateFolder, "pass");
    return () => rmSync(stateFolder, { recursive: true, force: true });
  });
  const open = (more: Partial<PassStoreOptions> = {}) =>
    createPassStore(optionsOf(gpg.env, stateFolder, more));

  it("is read by pass, shows no secret in names or files, and is the owner's alone", async () => {
    gpg.setPinentry({ passphrase: "correct horse" });
    await open().set(account, "TOPSECRET");
    const files = readdirSync(folder).toSorted();
    expect(files).toEqual([".gpg-id", expect.stringMatching(/^session_v1_prod_x-\w+\.gpg$/)]);
    for (const name of files) {
      expect(readFileSync(join(folder, name), "latin1")).not.toContain("TOPSECRET");
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const env = { ...gpg.env, PASSWORD_STORE_DIR: folder };
    const show = ["show", (files[1] ?? "").replace(/\.gpg$/, "")];
    expect(execFileSync("pass", show, { env, encoding: "utf8" })).toContain("TOPSECRET");
  });

  it("leaves the person's own password store, and its git, as they are", async () => {
    gpg.run("pass", "git", "init", "-q");
    const before = gpg.run("git", "-C", gpg.passwordStore, "log", "--format=%H");
    const names = readdirSync(gpg.passwordStore).toSorted();
    await open().set(account, "TOPSECRET");
    expect(gpg.run("git", "-C", gpg.passwordStore, "log", "--format=%H")).toBe(before);
    expect(gpg.run("git", "-C", gpg.passwordStore, "status", "--porcelain")).toBe("");
    expect(readdirSync(gpg.passwordStore).toSorted()).toEqual(names);
    expect(existsSync(join(folder, ".git"))).toBe(false);
  });

  it("encrypts for the owner's keys only, though the password store is a team's", async () => {
    const team = join(gpg.passwordStore, ".gpg-id");
    const before = readFileSync(team, "utf8");
    const alice = makeGpgHome();
    try {
      const theirs = join(stateFolder, "alice.asc");
      writeFileSync(theirs, alice.run("gpg", "--armor", "--export", "bob").replaceAll("\r", ""));
      const id = alice.run("gpg", "--batch", "--with-colons", "--list-secret-keys");
      const fingerprint = /^fpr:{9}([0-9A-F]+):/m.exec(id)?.[1] ?? "none";
      gpg.run("gpg", "--batch", "--quiet", "--import", theirs);
      writeFileSync(team, `${before}${fingerprint}\n`);
      await open().set(account, "TOPSECRET");
      expect(readFileSync(join(folder, ".gpg-id"), "utf8")).not.toContain(fingerprint);
      expect(() => alice.run("gpg", "--batch", "--quiet", "--decrypt", newestItem(folder))).toThrow(
        /No secret key/,
      );
      rmSync(folder, { recursive: true });
      writeFileSync(team, `${fingerprint}\n`);
      await expect(open().set(account, "S")).rejects.toMatchObject({
        code: "ERR_STORE_UNAVAILABLE",
        message: `no secret key here is one of those that ${gpg.passwordStore} is encrypted for`,
      });
      expect(existsSync(folder)).toBe(false);
    } finally {
      writeFileSync(team, before);
      alice.remove();
    }
  });

  it("is locked where gpg asks and is dismissed, without a second prompt; and open again with the passphrase", async () => {
    await open().set(account, "S");
    gpg.setPinentry("dismisses");
    await expect(open().get(account)).rejects.toMatchObject({
      code: "ERR_STORE_LOCKED",
      message: "the pass store is locked: gpg did not get the passphrase of its key",
    });
    expect(gpg.prompts()).toBe(1);
    gpg.setPinentry({ passphrase: "correct horse" });
    expect(await open().get(account)).toBe("S");
    expect(await open().get(account)).toBe("S");
    expect(gpg.prompts()).toBe(1);
  });

  it("shows no prompt where none is allowed, and answers all the same while the key is open", async () => {
    await open().set(account, "S");
    gpg.setPinentry({ passphrase: "correct horse" });
    const quiet = open({ mayPrompt: false });
    await expect(quiet.get(account)).rejects.toMatchObject({ code: "ERR_STORE_LOCKED" });
    expect(await quiet.get("session/v1/never/x")).toBeUndefined();
    expect(gpg.prompts()).toBe(0);
    await open().get(account);
    expect(await quiet.get(account)).toBe("S");
  });

  it("does not wait longer than it may for a prompt that no one answers", async () => {
    await open().set(account, "S");
    gpg.setPinentry("hangs");
    const before = Date.now();
    await expect(open({ silentAfterMs: () => 1500 }).get(account)).rejects.toMatchObject({
      code: "ERR_STORE_TIMEOUT",
      message: "the pass store: gpg did not end within 2 s",
    });
    expect(Date.now() - before).toBeLessThan(6000);
    gpg.setPinentry("dismisses");
  });

  it("lets pinentry use the terminal only where a person is at it", async () => {
    await open().set(account, "S");
    const seen = join(stateFolder, "tty");
    const bin = join(stateFolder, "bin");
    mkdirSync(bin);
    const isLocked = String.raw`printf '[GNUPG:] KEY_CONSIDERED x 0\n[GNUPG:] DECRYPTION_FAILED\n' >&3`;
    const script = `#!/bin/sh\necho "\${GPG_TTY:-none}" >>'${seen}'\n${isLocked}\nexit 2\n`;
    writeFileSync(join(bin, "gpg"), script, { mode: 0o755 });
    const env = { ...gpg.env, PATH: `${bin}:${gpg.env["PATH"]}`, GPG_TTY: "/dev/pts/99" };
    for (const terminal of [undefined, "/dev/pts/7"]) {
      const atTerminal: PassStoreOptions["atTerminal"] = (work) => work(terminal);
      const store = createPassStore(optionsOf(env, stateFolder, { atTerminal }));
      await expect(store.get(account)).rejects.toMatchObject({ code: "ERR_STORE_LOCKED" });
    }
    expect(readFileSync(seen, "utf8")).toBe("none\nnone\nnone\n/dev/pts/7\n");
  });

  it("reports a long-term key that is damaged, instead of none", async () => {
    gpg.setPinentry({ passphrase: "correct horse" });
    await open().set(key, "S");
    damage(newestItem(folder));
    await expect(open().get(key)).rejects.toMatchObject({
      code: "ERR_STORE_FAILED",
      message: `${key} is damaged in the pass store`,
    });
  });

  it("does not use an item that lies under another's name", async () => {
    gpg.setPinentry({ passphrase: "correct horse" });
    await open().set("session/v1/a/x", "A");
    const copy = readFileSync(newestItem(folder));
    await open().set("session/v1/b/x", "B");
    for (const name of readdirSync(folder))
      if (name.endsWith(".gpg")) writeFileSync(join(folder, name), copy);
    expect(await open().get("session/v1/b/x")).toBeUndefined();
    expect(await open().get("session/v1/a/x")).toBe("A");
  });

  it("says what is missing: gpg, a password store, the key", async () => {
    const without = (env: NodeJS.ProcessEnv) =>
      createPassStore(optionsOf({ ...gpg.env, ...env }, stateFolder)).set(account, "S");
    await expect(without({ PATH: "/nowhere" })).rejects.toMatchObject({
      code: "ERR_STORE_UNAVAILABLE",
      message: "the pass store needs gpg, which is not on PATH",
    });
    await expect(without({ PASSWORD_STORE_DIR: "/nowhere" })).rejects.toMatchObject({
      code: "ERR_STORE_UNAVAILABLE",
      message: "there is no password store: /nowhere/.gpg-id cannot be read",
    });
    await open().set(account, "S");
    const stranger = makeGpgHome();
    await expect(
      createPassStore(optionsOf(stranger.env, stateFolder)).get(account),
    ).rejects.toMatchObject({
      code: "ERR_STORE_FAILED",
      message: "the pass store: gpg failed: the secret key that opens its items is not here",
    });
    stranger.remove();
  });
});
