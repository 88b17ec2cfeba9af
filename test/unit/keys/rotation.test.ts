import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openItemIndex } from "../../../src/state/item-index.ts";
import { AwsRoleError } from "../../../src/foundation/errors.ts";
import { createKeyStore } from "../../../src/keys/key-store.ts";
import { finishRotation, rotateKey, type Rotation } from "../../../src/keys/rotation.ts";
import { openPendingRotations } from "../../../src/keys/rotation-file.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { createRotationWorld, type RotationWorld } from "../../support/rotation-world.ts";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

describe("rotating a key", () => {
  let sts: AwsDouble;
  let folder: string;
  let world: RotationWorld;
  beforeEach(async () => {
    sts = await startAwsDouble();
    folder = mkdtempSync(join(tmpdir(), "awsrole-rotate-"));
    world = await createRotationWorld(sts.url, folder, createMemoryStore(), sts.bob);
  });
  afterEach(async () => {
    await sts.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const rotation = (kill?: { killBefore?: number; killAfter?: number }): Promise<Rotation> =>
    world.rotation(kill);

  it("makes a new key, switches to it, and leaves the old one inactive until it is finished", async () => {
    const { oldAccessKeyId, newAccessKeyId } = await rotateKey(await rotation());
    expect(oldAccessKeyId).toBe(sts.bob.accessKeyId);
    expect(world.named).toBe(newAccessKeyId);
    expect(await world.keysAtAws()).toEqual([
      [oldAccessKeyId, false],
      [newAccessKeyId, true],
    ]);
    expect(await world.keeper().get(oldAccessKeyId)).toBeDefined();
    let shown: unknown;
    await finishRotation(await rotation(), async (finished) => {
      shown = finished;
    });
    expect(shown).toMatchObject({ oldAccessKeyId, lastUse: { service: expect.anything() } });
    expect(await world.keysAtAws()).toEqual([[newAccessKeyId, true]]);
    expect(await world.keeper().get(oldAccessKeyId)).toBeUndefined();
  });

  it("can be run again: it finds its work done", async () => {
    const first = await rotateKey(await rotation());
    expect(await rotateKey(await rotation())).toEqual({ ...first, how: "already rotated" });
    await finishRotation(await rotation(), async () => {});
    expect((await rotateKey(await rotation())).oldAccessKeyId).toBe(first.newAccessKeyId);
  });

  // create, keep, verify, switch, deactivate
  const steps = ["create", "keep", "verify", "switch", "deactivate"];
  for (const kill of ["killBefore", "killAfter"] as const) {
    it.each(steps.map((step, number) => [step, number] as const))(
      `goes on after being ${kill === "killBefore" ? "killed before" : "killed after"} the step: %s`,
      async (_, number) => {
        await expect(rotateKey(await rotation({ [kill]: number }))).rejects.toThrow("killed");
        await world.works();
        const { newAccessKeyId } = await rotateKey(await rotation());
        expect(world.named).toBe(newAccessKeyId);
        await world.works();
        expect(await world.keysAtAws()).toEqual([
          [sts.bob.accessKeyId, false],
          [newAccessKeyId, true],
        ]);
        await finishRotation(await rotation(), async () => {});
        expect(await world.keysAtAws()).toEqual([[newAccessKeyId, true]]);
      },
    );
    it.each([0, 1])(`finishes after being ${kill} its step %i`, async (number) => {
      const { newAccessKeyId } = await rotateKey(await rotation());
      const killed = finishRotation(await rotation({ [kill]: number }), async () => {});
      await expect(killed).rejects.toThrow("killed");
      const isDone = kill === "killAfter" && number === 1;
      const again = finishRotation(await rotation(), async () => {});
      if (isDone) await expect(again).rejects.toThrow("has no old key to delete");
      else await again;
      expect(await world.keysAtAws()).toEqual([[newAccessKeyId, true]]);
      expect(await world.keeper().get(sts.bob.accessKeyId)).toBeUndefined();
      await world.works();
    });
  }

  it("deletes the key whose secret was lost on the way", async () => {
    await expect(rotateKey(await rotation({ killAfter: 0 }))).rejects.toThrow("killed");
    expect(await world.keysAtAws()).toHaveLength(2);
    await rotateKey(await rotation());
    expect(world.said[0]).toMatch(/^deleting AKIA\w+, whose secret was lost/);
  });

  it("never touches a second key that is not its own", async () => {
    const foreign = await (await rotation()).iam.createAccessKey();
    await expect(rotateKey(await rotation())).rejects.toMatchObject({
      code: "ERR_AWS_REFUSED",
      message: expect.stringContaining(`has a second access key, ${foreign.accessKeyId} (active)`),
    });
    await expect(finishRotation(await rotation(), async () => {})).rejects.toThrow(
      "has no old key",
    );
    expect(await world.keysAtAws()).toHaveLength(2);
  });

  it("nor one that was made long after it was interrupted, or has been used", async () => {
    await expect(rotateKey(await rotation({ killBefore: 0 }))).rejects.toThrow("killed");
    const foreign = await (await rotation()).iam.createAccessKey();
    await world.whoIs(foreign);
    await expect(rotateKey(await rotation())).rejects.toThrow("has a second access key");
    openPendingRotations(folder).put({
      oldAccessKeyId: world.named,
      startedAt: new Date(Date.now() - 3_600_000),
    });
    await expect(rotateKey(await rotation())).rejects.toThrow("has a second access key");
    expect(await world.keysAtAws()).toHaveLength(2);
  });

  it("takes the new key back when it cannot be kept", async () => {
    const usable = world.store;
    world.store = {
      ...usable,
      set: async () => {
        throw new AwsRoleError("ERR_STORE_LOCKED", "the keychain is locked");
      },
    };
    await expect(rotateKey(await rotation())).rejects.toMatchObject({ code: "ERR_STORE_LOCKED" });
    world.store = usable;
    expect(await world.keysAtAws()).toEqual([[sts.bob.accessKeyId, true]]);
    await world.works();
    expect((await openItemIndex(folder).list()).map(({ account }) => account)).toEqual([
      `key/v1/${sts.bob.accessKeyId}`,
    ]);
    await leavesAlone(await (await rotation()).iam.createAccessKey());
  });

  it("takes a key made after it was declined for another user's", async () => {
    sts.behave({ only: ["CreateAccessKey"], deny: "User: bob is not authorized" });
    await expect(rotateKey(await rotation())).rejects.toMatchObject({ code: "ERR_AWS_DENIED" });
    sts.behave({});
    await leavesAlone(await (await rotation()).iam.createAccessKey());
  });

  async function leavesAlone({ accessKeyId }: { accessKeyId: string }): Promise<void> {
    await expect(rotateKey(await rotation())).rejects.toThrow("has a second access key");
    expect(await world.keysAtAws()).toContainEqual([accessKeyId, true]);
  }

  it("leaves no row of a key that was lost on the way", async () => {
    await expect(rotateKey(await rotation({ killAfter: 0 }))).rejects.toThrow("killed");
    const lost = (await world.keysAtAws()).find(([id]) => id !== world.named)?.[0] ?? "";
    const rows = openItemIndex(folder);
    await rows.add({ account: `key/v1/${lost}`, kind: "key", store: "keychain", profile: "bob" });
    await rotateKey(await rotation());
    expect((await rows.list()).map(({ account }) => account)).not.toContain(`key/v1/${lost}`);
  });

  it("does not delete an old key that is still active", async () => {
    await expect(rotateKey(await rotation({ killBefore: 4 }))).rejects.toThrow("killed");
    await expect(finishRotation(await rotation(), async () => {})).rejects.toThrow(
      /is still active$/,
    );
  });
});

describe("keeping keys", () => {
  it.each(["none", "plaintext"] as const)("is refused by the store %s", (name) => {
    expect(() => createKeyStore({ ...createMemoryStore(), name }, openItemIndex("/x"))).toThrow(
      expect.objectContaining({ code: "ERR_STORE_UNAVAILABLE" }),
    );
  });

  it("is not believed until the key has been read back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "awsrole-keys-"));
    const store = { ...createMemoryStore(), set: async () => {} };
    const keys = createKeyStore(store, openItemIndex(folder));
    await expect(
      keys.put({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "s" }, "bob"),
    ).rejects.toMatchObject({ code: "ERR_STORE_FAILED" });
    rmSync(folder, { recursive: true });
  });
});
