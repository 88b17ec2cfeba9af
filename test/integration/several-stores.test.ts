/** One session kept by several stores, as happens when the setting changes: each finds its own, and logout clears all of them where they lie. */
import { mkdirSync, readdirSync, rmSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { storeKeyIn } from "../support/store-key.ts";

let sts: AwsDouble;
let home: Home;
let state: string;
beforeAll(async () => {
  sts = await startAwsDouble();
  home = createRoleHome(sts);
  state = join(home.path, "state", "awsrole");
  Object.assign(home.env, storeKeyIn(home.path));
});
afterAll(async () => {
  await sts.close();
  await home.remove();
});

/** One run that has to succeed, and how many AssumeRole calls it made. */
async function run(words: string, seconds = 0): Promise<Finished & { calls: number }> {
  const before = sts.callsOf("AssumeRole").length;
  const finished = await runAwsrole(words.split(" "), {
    env: home.env,
    clockOffsetSeconds: { wall: seconds, uptime: seconds },
  });
  expect(finished.code, finished.stderr).toBe(0);
  return { ...finished, calls: sts.callsOf("AssumeRole").length - before };
}
const ask = (store: string): string => `credential-process --profile prod --store ${store}`;
const itemsOf = (store: string): readonly string[] =>
  readdirSync(join(state, store)).filter((name) => name !== "store.json");

it("logout clears a session in every store that holds it, whichever is in use now", async () => {
  for (const store of ["file", "plaintext"])
    expect(await run(ask(store))).toMatchObject({ calls: 1 });
  for (const store of ["file", "plaintext"]) {
    expect(await run(ask(store))).toMatchObject({ calls: 0 });
    expect(itemsOf(store)).toHaveLength(1);
  }
  await run("logout prod --store none");
  for (const store of ["file", "plaintext"]) expect(itemsOf(store)).toEqual([]);
  expect(readdirSync(join(state, "items"))).toEqual([]);
});

it("moving gathers a session that two stores hold in one", async () => {
  for (const store of ["file", "plaintext"]) await run(ask(store));
  await run("store move plaintext");
  expect(itemsOf("file")).toEqual([]);
  expect(itemsOf("plaintext")).toHaveLength(1);
  expect(await run(ask("plaintext"))).toMatchObject({ calls: 0 });
});

it.each(["file", "plaintext"])(
  "an old session put back in the store %s is used only while it would itself be fresh",
  async (store) => {
    await run("logout --all");
    await run(ask(store));
    const folder = join(state, store);
    const old = join(home.path, `old-${store}`);
    const [item = ""] = itemsOf(store);
    mkdirSync(old);
    renameSync(join(folder, item), join(old, item));
    expect(await run(ask(store))).toMatchObject({ calls: 1 });
    const putBack = (): void => {
      rmSync(join(folder, item), { force: true });
      renameSync(join(old, item), join(folder, item));
    };
    putBack();
    const replayed = await run(ask(store), 600);
    expect(replayed.calls).toBe(0);
    renameSync(join(folder, item), join(old, item));
    putBack();
    sts.clock.advance(3_000_000);
    expect(await run(ask(store), 3000)).toMatchObject({ calls: 1 });
    sts.clock.advance(-3_000_000);
  },
);
