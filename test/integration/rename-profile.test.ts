/** `rename-profile` with cached sessions: the items of the store and the rows that say where they are. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openItemIndex } from "../../src/state/item-index.ts";
import { titled } from "../support/installed.ts";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, notNode, runAwsrole } from "../support/run-awsrole.ts";

const faults = fileURLToPath(new URL("../support/file-faults.cjs", import.meta.url));

describe("rename-profile with a cached session", () => {
  let sts: AwsDouble;
  let home: Home;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    sts = await startAwsDouble();
    home = createRoleHome(sts);
    env = { ...home.env, AWSROLE_STORE: "plaintext" };
    expect(await run(["credential-process", "--profile", "prod"])).toMatchObject({ code: 0 });
  });
  afterEach(async () => {
    await sts.close();
    await home.remove();
  });
  const run = (words: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    runAwsrole(words, { env: { ...env, ...more } });
  const state = (): string => join(home.path, "state", "awsrole");
  const profilesOfRows = async (): Promise<readonly string[]> =>
    (await openItemIndex(state()).list()).map(({ profile }) => profile ?? "").toSorted();

  it("moves item and row, and AWS is not asked again", async () => {
    expect(await run(["rename-profile", "prod", "live"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("with 1 cached session"),
    });
    expect(await profilesOfRows()).toEqual(["live"]);
    await run(["credential-process", "--profile", "live"]);
    expect(sts.requests).toHaveLength(1);
  });

  it.skipIf(notNode !== undefined)(
    titled("leaves no row of an item that the store did not take, and says so", notNode),
    async () => {
      const full = {
        NODE_OPTIONS: `--require ${faults}`,
        TEST_FAULT: "full",
        TEST_FAULT_FOLDERS: join(state(), "plaintext"),
      };
      const { code, stderr } = await run(["rename-profile", "prod", "live"], full);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringMatching(
          /^awsrole: warning: a cached session could not be renamed and will be fetched again: /,
        ),
      });
      expect(await profilesOfRows()).toEqual(["prod"]);
    },
  );
});
