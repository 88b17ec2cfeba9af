/** The stores of files: the contract every store keeps, tampering, hostile folders, and the passphrase. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as crypto from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { privateMode } from "../support/run-awsrole.ts";
import { createFileStore } from "../../src/stores/file/index.ts";
import { readKeyFile } from "../../src/stores/file/key-file.ts";
import { findPassphrase } from "../../src/stores/file/passphrase.ts";
import { createPlaintextStore } from "../../src/stores/plaintext.ts";
import { describeSecretStore } from "../support/secret-store-contract.ts";

const made = (): string => mkdtempSync(join(tmpdir(), "awsrole-store-"));
const open = (stateFolder: string, passphrase = "correct horse", runtimeFolder?: string) =>
  createFileStore({
    stateFolder,
    runtimeFolder,
    passphrase: async () => ({ text: passphrase, isTyped: false }),
  });
const itemOf = (folder: string): string => {
  const items = readdirSync(folder).filter(
    (name) => !name.startsWith(".") && name !== "store.json",
  );
  const newest = items
    .map((name) => join(folder, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (newest === undefined) throw new Error("no item");
  return newest;
};
const flip = (file: string): void => {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
};

const keyOfTest = crypto.randomBytes(32);
const openByKey = (stateFolder: string) =>
  createFileStore({
    stateFolder,
    runtimeFolder: undefined,
    passphrase: () => Promise.reject(new Error("asked")),
    keyFile: () => keyOfTest,
  });

const fileState = made();
describeSecretStore("file", () => ({
  // By a key file, which makes no process wait for scrypt: how the key is found is no part of the contract.
  store: openByKey(fileState),
  childStore: `import { createFileStore } from "../../src/stores/file/index.ts";
    const store = createFileStore({ stateFolder: ${JSON.stringify(fileState)}, runtimeFolder: undefined, passphrase: async () => ({ text: "", isTyped: false }), keyFile: () => Buffer.from("${keyOfTest.toString("hex")}", "hex") });`,
  damage: async () => flip(itemOf(join(fileState, "file"))),
  close: async () => rmSync(fileState, { recursive: true }),
}));

const plainState = made();
describeSecretStore("plaintext", () => ({
  store: createPlaintextStore(plainState),
  childStore: `import { createPlaintextStore } from "../../src/stores/plaintext.ts";
    const store = createPlaintextStore(${JSON.stringify(plainState)});`,
  damage: async () => writeFileSync(itemOf(join(plainState, "plaintext")), '{"v":1,"acc'),
  close: async () => rmSync(plainState, { recursive: true }),
}));

describe("the file store", () => {
  let state: string;
  let folder: string;
  beforeEach(() => {
    state = made();
    folder = join(state, "file");
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  it("keeps no secret and no passphrase readable, in files and folders of ours alone", async () => {
    await open(state).set("session/v1/prod/x", "TOPSECRET");
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(folder, name), "latin1")).not.toMatch(/TOPSECRET|correct horse/);
      expect(statSync(join(folder, name)).mode & 0o777).toBe(privateMode.file);
    }
    expect(statSync(folder).mode & 0o777).toBe(privateMode.folder);
  });

  it("notices every changed bit of an item", async () => {
    const store = open(state);
    await store.set("session/v1/prod/x", "TOPSECRET");
    const file = itemOf(folder);
    const original = readFileSync(file);
    for (let bit = 0; bit < original.length * 8; bit += 1) {
      const changed = Buffer.from(original);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(file, changed);
      expect(await store.get("session/v1/prod/x"), `bit ${bit}`).toBeUndefined();
    }
    writeFileSync(file, original);
    expect(await store.get("session/v1/prod/x")).toBe("TOPSECRET");
  });

  it("does not use an item that was copied to another name", async () => {
    const store = open(state);
    await store.set("session/v1/a/x", "A");
    const first = itemOf(folder);
    const copy = readFileSync(first);
    await store.set("session/v1/b/x", "B");
    for (const name of readdirSync(folder))
      if (name.endsWith(".item")) writeFileSync(join(folder, name), copy);
    expect(await store.get("session/v1/b/x")).toBeUndefined();
    expect(await store.get("session/v1/a/x")).toBe("A");
  });

  it("says that a passphrase is wrong, and loses nothing by it", async () => {
    await open(state).set("session/v1/prod/x", "S");
    await expect(open(state, "wrong").get("session/v1/prod/x")).rejects.toMatchObject({
      code: "ERR_STORE_LOCKED",
    });
    await expect(open(state, "wrong").set("session/v1/prod/y", "S")).rejects.toMatchObject({
      code: "ERR_STORE_LOCKED",
    });
    expect(await open(state).get("session/v1/prod/x")).toBe("S");
  });

  it("asks for the passphrase once per login where the runtime folder is in memory", async ({
    skip,
  }) => {
    skip(!existsSync("/dev/shm"), "there is no /dev/shm");
    const runtime = mkdtempSync("/dev/shm/awsrole-test-");
    try {
      await open(state, "correct horse", runtime).set("session/v1/prod/x", "S");
      const later = createFileStore({
        stateFolder: state,
        runtimeFolder: runtime,
        passphrase: () => Promise.reject(new Error("asked")),
      });
      expect(await later.get("session/v1/prod/x")).toBe("S");
      const onDisk = made();
      await open(onDisk, "correct horse", onDisk).set("session/v1/prod/x", "S");
      expect(existsSync(join(onDisk, "store-keys"))).toBe(
        statSync(onDisk).dev === statSync("/dev/shm").dev,
      );
      rmSync(onDisk, { recursive: true });
    } finally {
      rmSync(runtime, { recursive: true });
    }
  });

  const hasArgon2 = "argon2" in crypto;
  it("makes its key by argon2id where node has it, else by scrypt, and says so in its header", async () => {
    await open(state).set("session/v1/prod/x", "S");
    const header = JSON.parse(readFileSync(join(folder, "store.json"), "utf8")) as object;
    const salt = expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/);
    expect(header).toMatchObject(
      hasArgon2
        ? { v: 2, kdf: "argon2id", memoryKiB: 65_536, passes: 3, lanes: 4, salt }
        : { v: 2, kdf: "scrypt", N: 131_072, r: 8, p: 1, salt },
    );
  });

  // Made by Node 24 with the passphrase "correct horse"; one item, session/v1/prod/x, with the text "S".
  const argon2Store = {
    "store.json":
      '{"v":1,"kdf":"argon2id","memoryKiB":65536,"passes":3,"lanes":4,"salt":"sNSdJLp7+RFG2s99RdGy3Q==","check":"{\\"v\\":1,\\"account\\":\\"store/check\\",\\"iv\\":\\"WsFysFijvXVFo/Qg\\"}\\ngadkj9CrVJFWB++s0xnojVGVvmWnwsU=\\n"}\n',
    "fb762fe98a7f6530564f603142285753.item":
      '{"v":1,"account":"session/v1/prod/x","iv":"1I7xFALpmJy3oZtE"}\n+iePPams/3F+jF3haKK+/is=\n',
  };
  // Made by Node 20 in the same way.
  const scryptStore = {
    "store.json":
      '{"v":1,"kdf":"scrypt","N":65536,"r":8,"p":1,"salt":"+OWZPbmtMev7h54lOi0lQQ==","check":"{\\"v\\":1,\\"account\\":\\"store/check\\",\\"iv\\":\\"sx0+qrKpGFG2HfJG\\"}\\nfyGY+Ijqx5eX7QYuaWrZV6OpEEiIqnE=\\n"}\n',
    "fb762fe98a7f6530564f603142285753.item":
      '{"v":1,"account":"session/v1/prod/x","iv":"PdjABW5fXYMSyaNW"}\n6/27pCRpBei39WPWE8YkiNY=\n',
  };
  function put(files: Readonly<Record<string, string>>): void {
    mkdirSync(folder, { mode: 0o700 });
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
  }

  it("opens a store made by an older node", async () => {
    put(scryptStore);
    expect(await open(state).get("session/v1/prod/x")).toBe("S");
  });

  it("opens a store made by a newer node, or says which node it takes", async () => {
    put(argon2Store);
    const read = open(state).get("session/v1/prod/x");
    if (hasArgon2) expect(await read).toBe("S");
    else
      await expect(read).rejects.toMatchObject({
        code: "ERR_STORE_UNAVAILABLE",
        message: expect.stringMatching(/made with argon2id, which Node [\d.]+ does not have/),
        hint: expect.stringMatching(/Node 24\.7 or newer/),
      });
  });

  it("made by many at once is one store: nobody's secret is lost", async () => {
    await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        open(state).set(`session/v1/${index}/x`, `S${index}`),
      ),
    );
    const later = open(state);
    for (let index = 0; index < 4; index += 1)
      expect(await later.get(`session/v1/${index}/x`)).toBe(`S${index}`);
  });

  it.each([
    "",
    "{}",
    '{"v":1,"kdf":"scrypt","N":1e12,"r":8,"p":1,"salt":"","check":""}',
    '{"v":1,"kdf":"argon2id","memoryKiB":1e12,"passes":3,"lanes":4,"salt":"","check":""}',
    '{"v":1,"kdf":"md5","N":1,"r":8,"p":1,"salt":"","check":""}',
    '{"v":1,"kdf":"scrypt","N":3,"r":8,"p":1,"salt":"","check":""}',
    '{"v":1,"kdf":"scrypt","N":2,"r":8,"p":1,"salt":"","check":""}',
    '{"v":1,"kdf":"scrypt","N":1048576,"r":32,"p":1,"salt":"","check":""}',
    '{"v":1,"kdf":"none","salt":"","check":""}',
    "garbage",
  ])("refuses the header %j", async (header) => {
    put({ ...scryptStore, "store.json": header });
    await expect(open(state).get("session/v1/prod/x")).rejects.toMatchObject({
      code: "ERR_STORE_FAILED",
      message: "the file store's store.json is damaged or missing",
    });
  });

  it("does not take a store whose store.json is gone for a new one", async () => {
    await open(state).set("key/v1/AKIAIOSFODNN7EXAMPLE", "S");
    renameSync(join(folder, "store.json"), join(state, "header"));
    for (const attempt of [
      () => open(state).get("key/v1/AKIAIOSFODNN7EXAMPLE"),
      () => open(state).set("session/v1/prod/x", "S"),
    ])
      await expect(attempt()).rejects.toMatchObject({
        message: "the file store's store.json is damaged or missing",
      });
    renameSync(join(state, "header"), join(folder, "store.json"));
    expect(await open(state).get("key/v1/AKIAIOSFODNN7EXAMPLE")).toBe("S");
  });

  it("reports a long-term key that is damaged, instead of none", async () => {
    await open(state).set("key/v1/AKIAIOSFODNN7EXAMPLE", "S");
    flip(itemOf(folder));
    await expect(open(state).get("key/v1/AKIAIOSFODNN7EXAMPLE")).rejects.toMatchObject({
      code: "ERR_STORE_FAILED",
      message: "key/v1/AKIAIOSFODNN7EXAMPLE is damaged in the file store",
    });
  });

  it("makes guessing costlier at the next unlock of an older store, and keeps its items as they are", async () => {
    put(scryptStore);
    const item = readFileSync(itemOf(folder));
    await open(state).get("session/v1/prod/x");
    const header = JSON.parse(readFileSync(join(folder, "store.json"), "utf8")) as object;
    expect(header).toMatchObject(hasArgon2 ? { v: 2, kdf: "argon2id" } : { v: 2, N: 131_072 });
    expect(readFileSync(itemOf(folder))).toEqual(item);
    expect(await open(state).get("session/v1/prod/x")).toBe("S");
    await expect(open(state, "wrong").get("session/v1/prod/x")).rejects.toMatchObject({
      message: "the file store is locked: the passphrase is wrong",
    });
  });

  it("opens an older store that cannot be written", async () => {
    put(scryptStore);
    chmodSync(folder, 0o500);
    expect(await open(state).get("session/v1/prod/x")).toBe("S");
    chmodSync(folder, 0o700);
  });

  it("asks a person three times, and says each time what was wrong", async () => {
    const asked: (string | undefined)[] = [];
    const typing = (answers: readonly string[]) =>
      createFileStore({
        stateFolder: state,
        runtimeFolder: undefined,
        passphrase: async ({ problem }) => {
          asked.push(problem);
          return { text: answers[asked.length - 1] ?? "", isTyped: true };
        },
      });
    const short = "the passphrase has fewer than 12 characters";
    await typing(["short", "elevenchars", "correct horse"]).set("session/v1/prod/x", "S");
    expect(asked.splice(0)).toEqual([undefined, short, short]);
    const wrong = "the passphrase is wrong";
    expect(await typing(["a", "b", "correct horse"]).get("session/v1/prod/x")).toBe("S");
    expect(asked.splice(0)).toEqual([undefined, wrong, wrong]);
    await expect(typing(["a", "b", "c", "correct horse"]).get("session/v1/prod/x")).rejects.toThrow(
      `the file store is locked: ${wrong}`,
    );
    expect(asked).toHaveLength(3);
  });

  it("takes no new passphrase of fewer than 12 characters from a file, and asks for it once", async () => {
    await expect(open(state, "elevenchars").set("session/v1/prod/x", "S")).rejects.toMatchObject({
      code: "ERR_STORE_LOCKED",
      message: "the file store is locked: the passphrase has fewer than 12 characters",
    });
    expect(existsSync(folder)).toBe(false);
  });

  describe("with a key file", () => {
    const key = crypto.randomBytes(32);
    const withKey = (keyFile: Buffer | undefined, stateFolder = state) =>
      createFileStore({
        stateFolder,
        runtimeFolder: undefined,
        passphrase: () => Promise.reject(new Error("asked")),
        keyFile: () => keyFile,
      });

    it("needs no passphrase, and opens with that key only", async () => {
      await withKey(key).set("session/v1/prod/x", "S");
      expect(await withKey(key).get("session/v1/prod/x")).toBe("S");
      expect(JSON.parse(readFileSync(join(folder, "store.json"), "utf8"))).toMatchObject({
        v: 2,
        kdf: "none",
      });
      await expect(withKey(crypto.randomBytes(32)).get("session/v1/prod/x")).rejects.toMatchObject({
        code: "ERR_STORE_LOCKED",
        message: "the file named in AWSROLE_KEY_FILE is not the key of this file store",
      });
      await expect(withKey(undefined).get("session/v1/prod/x")).rejects.toMatchObject({
        code: "ERR_STORE_LOCKED",
        hint: "name it in AWSROLE_KEY_FILE",
      });
    });

    it("leaves a store that a passphrase opens to its passphrase", async () => {
      await open(state).set("session/v1/prod/x", "S");
      const both = createFileStore({
        stateFolder: state,
        runtimeFolder: undefined,
        passphrase: async () => ({ text: "correct horse", isTyped: false }),
        keyFile: () => key,
      });
      expect(await both.get("session/v1/prod/x")).toBe("S");
    });

    it("refuses a file that others can read, that has another length, or is no file", () => {
      const file = join(state, "key");
      const read = () => readKeyFile({ AWSROLE_KEY_FILE: file });
      writeFileSync(file, key, { mode: 0o600 });
      expect(read()).toEqual(key);
      chmodSync(file, 0o640);
      if (process.geteuid?.() !== 0)
        expect(read).toThrow(`the key file ${file} can be read by others`);
      chmodSync(file, 0o604);
      expect(read).toThrow(`the key file ${file} can be read by others`);
      writeFileSync(file, "too short");
      chmodSync(file, 0o600);
      expect(read).toThrow(`the key file ${file} has 9 bytes, not 32`);
      rmSync(file);
      expect(read).toThrow(`the key file ${file} does not exist`);
      mkdirSync(file);
      expect(read).toThrow(`the key file ${file} is a folder, not a file`);
      expect(readKeyFile({})).toBeUndefined();
    });
  });
});

describe.each([
  ["file", openByKey],
  ["plaintext", createPlaintextStore],
] as const)("hostile files around the store %s are refused with a message", (name, openIt) => {
  let state: string;
  const folder = (): string => join(state, name);
  beforeEach(async () => {
    state = made();
    await openIt(state).set("session/v1/prod/x", "S");
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));
  const refused = async (message: RegExp): Promise<void> => {
    await expect(openIt(state).get("session/v1/prod/x")).rejects.toMatchObject({
      code: "ERR_STORE_FAILED",
      message: expect.stringMatching(message),
    });
    await expect(openIt(state).set("session/v1/prod/x", "T")).rejects.toMatchObject({
      code: "ERR_STORE_FAILED",
    });
  };

  it("a folder that is a link", async () => {
    renameSync(folder(), `${folder()}-real`);
    symlinkSync(`${folder()}-real`, folder());
    await refused(/is a link/);
  });
  it("a folder that others can write", async () => {
    chmodSync(folder(), 0o777);
    await refused(/can be used by others/);
  });
  it("a state folder that others can write", async () => {
    chmodSync(state, 0o777);
    await refused(/can be changed by others/);
  });
  it("a file in the folder's place", async () => {
    rmSync(folder(), { recursive: true });
    writeFileSync(folder(), "");
    await refused(/is not a folder/);
  });
  it("an item that is a link", async () => {
    const item = itemOf(folder());
    renameSync(item, join(state, "elsewhere"));
    symlinkSync(join(state, "elsewhere"), item);
    await expect(openIt(state).get("session/v1/prod/x")).rejects.toMatchObject({
      message: expect.stringMatching(/is a link/),
    });
  });
  it.skipIf(process.platform === "win32")("an item that never ends", async () => {
    const item = itemOf(folder());
    rmSync(item);
    execFileSync("mkfifo", ["-m", "600", item]);
    await expect(openIt(state).get("session/v1/prod/x")).rejects.toMatchObject({
      message: expect.stringMatching(/is not a regular file/),
    });
  });
  it("an item that is longer than any is a session that is absent", async () => {
    appendFileSync(itemOf(folder()), "x".repeat(300 * 1024));
    expect(await openIt(state).get("session/v1/prod/x")).not.toBe("S");
    await openIt(state).set("session/v1/prod/x", "NEW");
    expect(await openIt(state).get("session/v1/prod/x")).toBe("NEW");
  });
  it("an item that others can read", async () => {
    chmodSync(itemOf(folder()), 0o644);
    await expect(openIt(state).get("session/v1/prod/x")).rejects.toMatchObject({
      message: expect.stringMatching(/can be read by others/),
    });
  });
  it.skipIf(process.geteuid?.() !== 0)(
    "another user's folder and item (as root only: it takes root to make them)",
    async () => {
      chownSync(itemOf(folder()), 12_345, 12_345);
      await expect(openIt(state).get("session/v1/prod/x")).rejects.toMatchObject({
        message: expect.stringMatching(/belongs to another user/),
      });
      chownSync(folder(), 12_345, 12_345);
      await refused(/belongs to another user/);
    },
  );
  it("an old item put back is what it was: the session in it decides whether it is still good", async () => {
    cpSync(folder(), `${folder()}-copy`, { recursive: true });
    await openIt(state).set("session/v1/prod/x", "NEW");
    rmSync(folder(), { recursive: true });
    renameSync(`${folder()}-copy`, folder());
    chmodSync(folder(), 0o700);
    expect(await openIt(state).get("session/v1/prod/x")).toBe("S");
  });
});

it("plaintext refuses a long-term key", async () => {
  const state = made();
  await expect(
    createPlaintextStore(state).set("key/v1/AKIAIOSFODNN7EXAMPLE", "S"),
  ).rejects.toMatchObject({ message: expect.stringMatching(/never stored in plain text/) });
  rmSync(state, { recursive: true });
});

describe("the passphrase", () => {
  const nobody = (): Promise<string> => Promise.reject(new Error("asked"));
  const known = { isNew: false, problem: undefined };
  const folder = made();
  const file = join(folder, "passphrase");
  it("comes from a file that only its owner can read, without the last line feed", async () => {
    writeFileSync(file, "a b\n", { mode: 0o600 });
    expect(
      await findPassphrase({ env: { AWSROLE_PASSPHRASE_FILE: file }, ask: nobody }, known),
    ).toEqual({ text: "a b", isTyped: false });
    chmodSync(file, 0o644);
    await expect(
      findPassphrase({ env: { AWSROLE_PASSPHRASE_FILE: file }, ask: nobody }, known),
    ).rejects.toMatchObject({ message: expect.stringMatching(/can be read by others/) });
  });
  it("is never empty", async () => {
    writeFileSync(file, "\n");
    chmodSync(file, 0o600);
    await expect(
      findPassphrase({ env: { AWSROLE_PASSPHRASE_FILE: file }, ask: nobody }, known),
    ).rejects.toMatchObject({ message: expect.stringMatching(/empty/) });
  });
  it("comes from a descriptor from 3 on", async () => {
    for (const bad of ["0", "2", "x", "-1"]) {
      await expect(
        findPassphrase({ env: { AWSROLE_PASSPHRASE_FD: bad }, ask: nobody }, known),
      ).rejects.toMatchObject({ message: expect.stringMatching(/not a descriptor/) });
    }
  });
  it("is asked for where neither is given", async () => {
    expect(await findPassphrase({ env: {}, ask: async () => "typed" }, known)).toEqual({
      text: "typed",
      isTyped: true,
    });
    mkdirSync(folder, { recursive: true });
    rmSync(folder, { recursive: true });
  });
});
