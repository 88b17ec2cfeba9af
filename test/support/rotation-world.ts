/** A user's key, its store and its profile in memory, and rotations of it that can be killed at every step. */
import { expect } from "vitest";
import { createIam, type Iam } from "../../src/aws/iam.ts";
import { createSts } from "../../src/aws/sts.ts";
import type { StsConnection } from "../../src/config/connection.ts";
import type { LongTermKey } from "../../src/credentials/key-item.ts";
import { openItemIndex } from "../../src/state/item-index.ts";
import { createKeyStore, type KeyStore } from "../../src/keys/key-store.ts";
import type { Rotation } from "../../src/keys/rotation.ts";
import { openPendingRotations } from "../../src/keys/rotation-file.ts";
import type { SecretStore } from "../../src/stores/open.ts";

export type RotationWorld = {
  /** The key that the profile names. */
  named: string;
  store: SecretStore;
  /** What a person was told. */
  readonly said: string[];
  keeper(): KeyStore;
  /** A rotation whose process dies before, or after, its Nth effect, counted from 0: create, keep, verify, switch, deactivate. */
  rotation(kill?: { killBefore?: number; killAfter?: number }): Promise<Rotation>;
  /** Fails unless the key that the profile names is kept and AWS takes it. */
  works(): Promise<void>;
  /** The user's keys at AWS, and whether they are active. */
  keysAtAws(): Promise<(readonly [string, boolean])[]>;
  /** The user that a key signs for. @throws what AWS has against it. */
  whoIs(key: LongTermKey): Promise<string>;
};

/** `url`: STS and IAM. The key is kept at once. */
export async function createRotationWorld(
  url: string,
  folder: string,
  firstStore: SecretStore,
  firstKey: LongTermKey,
): Promise<RotationWorld> {
  const deadline = { remainingMs: () => 30_000 };
  const connection: StsConnection = {
    region: "eu-west-1",
    endpointUrl: url,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    maxAttempts: 2,
    env: {},
  };
  const namedKey = async (): Promise<LongTermKey> => {
    const key = await world.keeper().get(world.named);
    if (key === undefined) throw new Error(`${world.named} is not kept`);
    return key;
  };
  const whoIs = async (key: LongTermKey): Promise<string> =>
    (await createSts(connection, deadline).getCallerIdentity(key)).arn;
  const world: RotationWorld = {
    named: firstKey.accessKeyId,
    store: firstStore,
    said: [],
    keeper: () => createKeyStore(world.store, openItemIndex(folder)),
    whoIs,
    works: async () => void (await whoIs(await namedKey())),
    async keysAtAws() {
      const keys = await createIam(connection, await namedKey(), deadline).listAccessKeys();
      return keys.map(({ accessKeyId, isActive }) => [accessKeyId, isActive] as const);
    },
    async rotation({ killBefore = -1, killAfter = -1 } = {}) {
      let effects = 0;
      const effect = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
        return async (...args: A): Promise<R> => {
          const number = effects++;
          if (number === killBefore) throw new Error("killed");
          const result = await work(...args);
          if (number === killAfter) throw new Error("killed");
          return result;
        };
      };
      const api: Iam = createIam(connection, await namedKey(), deadline);
      const keys = world.keeper();
      return {
        profile: "bob",
        currentId: world.named,
        iam: {
          ...api,
          createAccessKey: effect(() => api.createAccessKey()),
          setAccessKeyActive: effect((id: string, isActive: boolean) =>
            api.setAccessKeyActive(id, isActive),
          ),
          deleteAccessKey: effect((id: string) => api.deleteAccessKey(id)),
        },
        keys: {
          ...keys,
          put: effect((key: LongTermKey, profile: string) => keys.put(key, profile)),
          remove: effect((id: string) => keys.remove(id)),
        },
        marks: openPendingRotations(folder),
        verify: effect(async (key: LongTermKey) => void (await whoIs(key))),
        switchProfiles: effect(async (oldId: string, newId: string) => {
          expect(oldId).toBe(world.named);
          world.named = newId;
        }),
        now: () => new Date(),
        say: (text) => void world.said.push(text),
      };
    },
  };
  await world.keeper().put(firstKey, "bob");
  return world;
}
