import { mkdtempSync, rmSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AwsRoleError, type ErrorCode } from "../../../../src/foundation/errors.ts";
import { withUnlockCooldown } from "../../../../src/stores/keychain/unlock-cooldown.ts";
import type { SecretStore } from "../../../../src/stores/open.ts";
import { createMemoryStore } from "../../../support/memory-store.ts";

describe("the memory of an unlock prompt that was dismissed or not answered", () => {
  let folder: string;
  let asked: number;
  let trouble: ErrorCode | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-refusals-"));
    asked = 0;
    trouble = "ERR_STORE_LOCKED";
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const ask = (): void => {
    asked += 1;
    if (trouble !== undefined)
      throw new AwsRoleError(trouble, "the keychain is locked", { hint: "unlock it" });
  };
  /** Each a process of its own. */
  const open = (isAttended: boolean): SecretStore =>
    withUnlockCooldown(
      { ...createMemoryStore(), get: async () => (ask(), "secret"), set: async () => ask() },
      folder,
      () => isAttended,
    );
  const read = (isAttended: boolean): Promise<string | undefined> =>
    open(isAttended).get("account");
  const unattended = (): Promise<string | undefined> => read(false);
  const file = (): string => join(folder, "keychain-refused.json");

  it.each(["ERR_STORE_LOCKED", "ERR_STORE_TIMEOUT"] as const)(
    "keeps callers without a terminal from asking again after %s, for 30 s",
    async (code) => {
      trouble = code;
      await expect(unattended()).rejects.toMatchObject({ code, message: "the keychain is locked" });
      trouble = undefined;
      await expect(unattended()).rejects.toMatchObject({
        code,
        // To write it down takes a second on a slow file system.
        message: expect.stringMatching(/^the keychain is locked, asked [0-5] s ago$/) as string,
        hint: "unlock it",
      });
      expect(asked).toBe(1);
      const memory = JSON.parse(readFileSync(file(), "utf8")) as object;
      writeFileSync(file(), JSON.stringify({ ...memory, uptimeSeconds: uptime() - 31 }));
      expect(await unattended()).toBe("secret");
    },
  );

  it("is of writing, too: a locked keychain prompts for an item that it never had only then", async () => {
    await expect(open(false).set("account", "secret")).rejects.toThrow("locked");
    await expect(unattended()).rejects.toThrow("locked");
    await expect(open(false).set("account", "secret")).rejects.toThrow("locked");
    expect(asked).toBe(1);
  });

  it("is no concern of a person at a terminal, who ends it by unlocking", async () => {
    await expect(unattended()).rejects.toThrow("locked");
    await expect(read(true)).rejects.toThrow("locked");
    expect(asked).toBe(2);
    trouble = undefined;
    expect(await read(true)).toBe("secret");
    expect(await unattended()).toBe("secret");
  });

  it("holds nothing else, and is not needed", async () => {
    trouble = "ERR_STORE_FAILED";
    await expect(unattended()).rejects.toThrow("locked");
    await expect(unattended()).rejects.toThrow("locked");
    expect(asked).toBe(2);
    writeFileSync(file(), "{}}");
    trouble = undefined;
    expect(await unattended()).toBe("secret");
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "no folder");
    trouble = "ERR_STORE_LOCKED";
    await expect(unattended()).rejects.toThrow("locked");
    trouble = undefined;
    expect(await unattended()).toBe("secret");
  });
});
