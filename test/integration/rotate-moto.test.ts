/** Rotation against another IAM than ours. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { finishRotation, rotateKey } from "../../src/keys/rotation.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { isMotoInstalled, type Moto, MOTO_MISSING, startMoto } from "../support/moto.ts";
import { createRotationWorld, type RotationWorld } from "../support/rotation-world.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
const installed = isMotoInstalled();

describe.skipIf(!installed)(
  `rotating a key of moto's${installed ? "" : ` (skipped: ${MOTO_MISSING})`}`,
  () => {
    let moto: Moto;
    let folder: string;
    beforeAll(async () => {
      moto = await startMoto();
      folder = mkdtempSync(join(tmpdir(), "awsrole-moto-"));
    });
    afterAll(async () => {
      await moto?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function worldOf(user: string): Promise<RotationWorld> {
      const iam = new IAMClient({
        region: "us-east-1",
        endpoint: moto.url,
        credentials: { accessKeyId: "AKIAADMINADMINADMIN0", secretAccessKey: "s" },
      });
      await iam.send(new CreateUserCommand({ UserName: user }));
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: user }));
      const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "" } =
        AccessKey ?? {};
      return createRotationWorld(moto.url, join(folder, user), createMemoryStore(), {
        accessKeyId,
        secretAccessKey,
      });
    }

    const steps = ["create", "keep", "verify", "switch", "deactivate"];
    it.each(steps.map((step, number) => [step, number] as const))(
      "goes on after being killed after the step: %s",
      async (step, number) => {
        const world = await worldOf(step);
        const old = world.named;
        await expect(rotateKey(await world.rotation({ killAfter: number }))).rejects.toThrow(
          "killed",
        );
        await world.works();
        await rotateKey(await world.rotation());
        expect(await world.keysAtAws()).toEqual([
          [old, false],
          [world.named, true],
        ]);
        await finishRotation(await world.rotation(), async () => {});
        expect(await world.keysAtAws()).toEqual([[world.named, true]]);
      },
    );
  },
);
