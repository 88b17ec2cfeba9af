import { afterEach, describe, expect, it } from "vitest";
import { decodeValues } from "../../../../src/stores/keychain/dbus/values.ts";
import { secretServiceItems } from "../../../../src/stores/keychain/secret-service.ts";
import {
  type BusAnswer,
  type BusCall,
  type FakeBus,
  startFakeBus,
} from "../../../support/fake-bus.ts";

const ITEM = "/org/freedesktop/secrets/collection/login/1";
const PROMPT = "/org/freedesktop/secrets/prompt/p1";
const NOTHING = { signature: "", values: [] };

/** What a Secret Service with one unlocked item answers, but for what `others` say. */
function answers(others: Record<string, BusAnswer>): Record<string, BusAnswer> {
  return {
    OpenSession: { signature: "vo", values: [{ signature: "s", value: "" }, "/s1"] },
    SearchItems: { signature: "aoao", values: [[ITEM], []] },
    GetSecret: {
      signature: "(oayays)",
      values: [["/s1", Uint8Array.of(), Buffer.from("secret"), "text/plain"]],
    },
    SetSecret: NOTHING,
    Delete: { signature: "o", values: ["/"] },
    CreateItem: { signature: "oo", values: [ITEM, "/"] },
    Unlock: { signature: "aoo", values: [[], "/"] },
    Prompt: NOTHING,
    Get: { signature: "v", values: [{ signature: "b", value: false }] },
    ...others,
  };
}

describe("items in the Secret Service", () => {
  let fake: FakeBus | undefined;
  async function start(others: Record<string, BusAnswer> = {}) {
    const all = answers(others);
    fake = await startFakeBus(({ member }) => all[member] ?? { error: "some.Error" });
    return secretServiceItems("awsrole", fake.env);
  }
  afterEach(async () => {
    await fake?.close();
    fake = undefined;
  });
  /** A person closes the prompt, once it is there. */
  async function answerPrompt(isDismissed: boolean): Promise<void> {
    await expect.poll(() => fake?.members.at(-1)).toBe("Prompt");
    fake?.signal(PROMPT, "org.freedesktop.Secret.Prompt", "Completed", "bv", [
      isDismissed,
      { signature: "ao", value: [] },
    ]);
  }
  const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

  it("has had an answer before it opens a session: gnome-keyring ends otherwise", async () => {
    const items = await start({ SearchItems: "silence" });
    for (const call of [items.get("a"), items.set("a", Buffer.of(1)), items.delete("a")])
      call.catch(() => {});
    await expect.poll(() => fake?.members).toHaveLength(4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fake?.members).toEqual(["Hello", "SearchItems", "SearchItems", "SearchItems"]);
  });

  it("searches again where the keychain knows no search, once: it had not noted this client", async () => {
    let searches = 0;
    fake = await startFakeBus(({ member }) =>
      member === "SearchItems" && ++searches === 1
        ? { error: "org.freedesktop.DBus.Error.UnknownMethod" }
        : (answers({})[member] ?? { error: "some.Error" }),
    );
    expect(text(await secretServiceItems("awsrole", fake.env).get("a"))).toBe("secret");
    expect(searches).toBe(2);
  });

  it("opens one session for all calls, and another after an error", async () => {
    const items = await start({ Delete: { error: "some.Error" } });
    expect(text(await items.get("a"))).toBe("secret");
    await items.set("b", Buffer.from("x"));
    await expect(items.delete("c")).rejects.toMatchObject({ name: "some.Error" });
    expect(text(await items.get("d"))).toBe("secret");
    expect(fake?.members.filter((member) => member === "OpenSession")).toHaveLength(2);
  });

  it("connects again when the bus has hung up", async () => {
    const items = await start();
    await items.get("a");
    fake?.hangUp();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(items.get("a")).rejects.toMatchObject({
      name: expect.stringMatching(/Disconnected$/),
    });
    expect(text(await items.get("a"))).toBe("secret");
  });

  it("closes the connection a second after the last call, at once after an error", async () => {
    const items = await start({ Delete: { error: "some.Error" } });
    for (let call = 0; call < 20; call++) {
      await items.get("a");
      await expect(items.delete("a")).rejects.toMatchObject({ name: "some.Error" });
    }
    await items.get("a");
    await items.get("a");
    await expect.poll(() => fake?.clients()).toBe(1);
    expect(fake?.members.filter((member) => member === "Hello")).toHaveLength(21);
    await expect.poll(() => fake?.clients(), { timeout: 5000 }).toBe(0);
    expect(text(await items.get("a"))).toBe("secret");
  });

  it("fails one call without failing those beside it", async () => {
    const items = await start({ Delete: { error: "some.Error" } });
    const calls = [items.get("a"), items.delete("b"), items.get("c")];
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected" },
      { status: "fulfilled" },
    ]);
  });

  it("knows an item that is gone from a keychain that does not answer what it is asked", async () => {
    const unknown = { error: "org.freedesktop.DBus.Error.UnknownMethod" };
    const gone = await start({ GetSecret: unknown });
    await expect(gone.get("a")).rejects.toMatchObject({ name: "awsrole.ItemVanished" });
    await fake?.close();
    const strange = await start({ SearchItems: unknown });
    await expect(strange.get("a")).rejects.toMatchObject({ name: unknown.error });
  });

  it("where others have put more than one: reads and replaces the unlocked, deletes all", async () => {
    const found: BusAnswer = {
      signature: "aoao",
      values: [[ITEM, `${ITEM}1`], [`${ITEM}2`]],
    };
    const items = await start({ SearchItems: found });
    const count = (member: string) => fake?.members.filter((one) => one === member).length;
    expect(text(await items.get("a"))).toBe("secret");
    await items.set("a", Buffer.from("x"));
    expect(count("SetSecret")).toBe(2);
    expect(count("Unlock")).toBe(0);
    expect(await items.delete("a")).toBe(true);
    expect(count("Unlock")).toBe(1);
    expect(count("Delete")).toBe(3);
  });

  it("has deleted what others delete at the same time", async () => {
    let isThere = true;
    fake = await startFakeBus(({ member }) => {
      if (member === "SearchItems")
        return { signature: "aoao", values: [isThere ? [ITEM] : [], []] };
      if (member === "Delete") isThere = false;
      const gone = { error: "org.freedesktop.Secret.Error.NoSuchObject" };
      return answers({ Delete: gone })[member] ?? { error: "some.Error" };
    });
    expect(await secretServiceItems("awsrole", fake.env).delete("a")).toBe(true);
  });

  it("replaces what is there, and creates what is not, in the default collection", async () => {
    const items = await start();
    await items.set("a", Buffer.from("x"));
    expect(fake?.members).toContain("SetSecret");
    expect(fake?.members).not.toContain("CreateItem");
    await fake?.close();

    const empty = await start({ SearchItems: { signature: "aoao", values: [[], []] } });
    expect(await empty.get("a")).toBeUndefined();
    expect(await empty.delete("a")).toBe(false);
    await empty.set("a", Buffer.from("x"));
    expect(fake?.members.slice(-4)).toEqual(["SearchItems", "OpenSession", "Unlock", "CreateItem"]);
  });

  it.each([
    ["Unlock", "UnknownObject"],
    ["Unlock", "InvalidArgs"],
    ["CreateItem", "UnknownObject"],
  ])("says that there is no collection to create an item in: %s, %s", async (member, error) => {
    const items = await start({
      SearchItems: { signature: "aoao", values: [[], []] },
      [member]: { error: `org.freedesktop.DBus.Error.${error}` },
    });
    await expect(items.set("a", Buffer.from("x"))).rejects.toMatchObject({
      name: "awsrole.NoCollection",
    });
  });

  describe("without a default collection", () => {
    const MISSING: Record<string, BusAnswer> = {
      SearchItems: { signature: "aoao", values: [[], []] },
      Get: { error: "org.freedesktop.DBus.Error.UnknownObject" },
      Unlock: { error: "org.freedesktop.DBus.Error.UnknownObject" },
      CreateCollection: { signature: "oo", values: ["/", PROMPT] },
    };
    const missing = { name: "awsrole.NoCollection" };

    it("are said to have no place, by a check too", async () => {
      const items = await start(MISSING);
      await expect(items.check?.()).rejects.toMatchObject(missing);
      await expect(items.set("a", Buffer.of(1))).rejects.toMatchObject(missing);
      expect(fake?.members).not.toContain("CreateCollection");
      const whole = await start();
      expect(await whole.check?.()).toBeUndefined();
    });

    it("get one when a person is there and says yes at the prompt, and not when they dismiss it", async () => {
      const all = answers(MISSING);
      const calls: BusCall[] = [];
      fake = await startFakeBus((call) => {
        calls.push(call);
        return all[call.member] ?? { error: "some.Error" };
      });
      const attended = secretServiceItems("awsrole", fake.env, { isAttended: () => true });
      const dismissed = expect(attended.set("a", Buffer.of(1))).rejects.toMatchObject(missing);
      await answerPrompt(true);
      await dismissed;
      const made = attended.set("a", Buffer.of(1));
      await expect.poll(() => fake?.members.filter((one) => one === "Prompt")).toHaveLength(2);
      await answerPrompt(false);
      await made;
      expect(fake.members.at(-1)).toBe("CreateItem");
      const create = calls.find(({ member }) => member === "CreateCollection");
      expect(decodeValues("a{sv}s", create?.body ?? Buffer.of(), true)).toEqual([
        [["org.freedesktop.Secret.Collection.Label", { signature: "s", value: "Default keyring" }]],
        "default",
      ]);
    });
  });

  describe("that are locked", () => {
    const LOCKED: Record<string, BusAnswer> = {
      SearchItems: { signature: "aoao", values: [[], [ITEM]] },
      Unlock: { signature: "aoo", values: [[], PROMPT] },
    };

    it("are unlocked without a prompt where the keychain needs none", async () => {
      const items = await start({ ...LOCKED, Unlock: { signature: "aoo", values: [[ITEM], "/"] } });
      expect(text(await items.get("a"))).toBe("secret");
      expect(fake?.members).not.toContain("Prompt");
    });

    it("wait for the person at the prompt", async () => {
      const items = await start(LOCKED);
      const secret = items.get("a");
      await answerPrompt(false);
      expect(text(await secret)).toBe("secret");
    });

    it.each(["get", "set", "delete"] as const)(
      "say that the prompt was dismissed: %s",
      async (operation) => {
        const items = await start(LOCKED);
        const refused = expect(
          operation === "set" ? items.set("a", Buffer.from("x")) : items[operation]("a"),
        ).rejects.toMatchObject({ name: "awsrole.PromptDismissed" });
        await answerPrompt(true);
        await refused;
        expect(fake?.members.at(-1)).toBe("Prompt");
      },
    );

    it("say so when the keychain has ended behind its prompt", async () => {
      const items = await start(LOCKED);
      const ended = expect(items.get("a")).rejects.toMatchObject({
        name: "awsrole.PromptDismissed",
      });
      await expect.poll(() => fake?.members.at(-1)).toBe("Prompt");
      expect(fake?.rules).toEqual([
        `type='signal',sender='org.freedesktop.secrets',path='${PROMPT}',interface='org.freedesktop.Secret.Prompt',member='Completed'`,
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.secrets'",
      ]);
      fake?.signal("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss", [
        "org.freedesktop.secrets",
        ":1.1",
        "",
      ]);
      await ended;
    });

    it("are left alone where prompting is not allowed", async () => {
      await start(LOCKED);
      const items = secretServiceItems("awsrole", fake?.env ?? {}, { mayPrompt: false });
      await expect(items.get("a")).rejects.toMatchObject({ name: "awsrole.PromptDismissed" });
      expect(fake?.members).not.toContain("Prompt");
    });

    it("say what the prompt says, and leave nothing waiting", async () => {
      const items = await start({ ...LOCKED, Prompt: { error: "some.Error" } });
      await expect(items.get("a")).rejects.toMatchObject({ name: "some.Error" });
    });
  });

  describe("that a locked collection hides, as KeePassXC does", () => {
    /** A collection that shows neither to a search nor by itself what is in it while it is locked, and `others` even then. */
    async function startHiding(others: readonly string[] = []) {
      /** `before` hears the member or the property that is asked for. */
      const state = { isLocked: true, before: (_asked: string): void => {} };
      const propertyOf = (name: string) => {
        state.before(name);
        return name === "Locked"
          ? { signature: "b", value: state.isLocked }
          : { signature: "ao", value: state.isLocked ? others : [ITEM] };
      };
      fake = await startFakeBus(({ member, signature, body }) => {
        state.before(member);
        switch (member) {
          case "SearchItems":
            return { signature: "aoao", values: [state.isLocked ? [] : [ITEM], []] };
          case "Get":
            return {
              signature: "v",
              values: [propertyOf(decodeValues(signature, body, true)[1] as string)],
            };
          case "Unlock":
            return { signature: "aoo", values: [[], state.isLocked ? PROMPT : "/"] };
          case "Prompt":
            state.isLocked = false;
            return NOTHING;
          case "Delete":
            return state.isLocked
              ? { error: "org.freedesktop.DBus.Error.UnknownObject" }
              : { signature: "o", values: ["/"] };
          default:
            return answers({})[member] ?? { error: "some.Error" };
        }
      });
      return { items: secretServiceItems("awsrole", fake.env), state };
    }
    const count = (member: string) => fake?.members.filter((one) => one === member).length;

    it.each(["get", "delete"] as const)(
      "are there once a person has unlocked it: %s",
      async (operation) => {
        const { items } = await startHiding();
        const answer = items[operation]("a");
        await answerPrompt(false);
        expect(await answer).toEqual(operation === "get" ? Buffer.from("secret") : true);
      },
    );

    it.each(["get", "delete"] as const)(
      "are not taken for absent when the prompt is dismissed: %s",
      async (operation) => {
        const { items } = await startHiding();
        const refused = expect(items[operation]("a")).rejects.toMatchObject({
          name: "awsrole.PromptDismissed",
        });
        await answerPrompt(true);
        await refused;
      },
    );

    it("raise one prompt for calls at the same time, and another when it is locked again", async () => {
      const { items, state } = await startHiding();
      const answers = Promise.all([items.get("a"), items.get("b"), items.delete("c")]);
      await answerPrompt(false);
      expect((await answers).map(Boolean)).toEqual([true, true, true]);
      expect(count("Prompt")).toBe(1);
      state.isLocked = true;
      const answer = items.delete("a");
      await expect.poll(() => count("Prompt")).toBe(2);
      await answerPrompt(false);
      expect(await answer).toBe(true);
    });

    it("are unlocked for a write and a read with one prompt, and replaced", async () => {
      const { items } = await startHiding();
      const written = Promise.all([items.set("a", Buffer.from("x")), items.get("a")]);
      await answerPrompt(false);
      await written;
      expect(count("Prompt")).toBe(1);
      expect(count("CreateItem")).toBe(1);
    });

    it.each(["Locked", "Items"])(
      "are there when another has it unlocked meanwhile: before %s",
      async (asked) => {
        const { items, state } = await startHiding();
        state.before = (what) => {
          if (what === asked) state.isLocked = false;
        };
        expect(await items.delete("a")).toBe(true);
        expect(count("Prompt")).toBe(0);
      },
    );

    it("are absent without a prompt where the collection shows others", async () => {
      const { items } = await startHiding([`${ITEM}1`]);
      expect(await items.get("a")).toBeUndefined();
      expect(await items.delete("a")).toBe(false);
      expect(count("Unlock")).toBe(0);
    });

    it("are not gone when it is locked before they are deleted", async () => {
      const { items, state } = await startHiding();
      state.isLocked = false;
      state.before = (what) => {
        if (what === "Delete") state.isLocked = true;
      };
      const outcome = expect(items.delete("a")).rejects.toMatchObject({
        name: "awsrole.ItemVanished",
      });
      await answerPrompt(false);
      await outcome;
    });
  });

  it.each(["UnknownObject", "UnknownMethod", "UnknownProperty"])(
    "are absent where there is no collection, or none that says whether it is locked: %s",
    async (error) => {
      const items = await start({
        SearchItems: { signature: "aoao", values: [[], []] },
        Get: { error: `org.freedesktop.DBus.Error.${error}` },
      });
      expect(await items.get("a")).toBeUndefined();
    },
  );

  it("have the attributes by which earlier versions find them", async () => {
    let searched: unknown;
    fake = await startFakeBus(({ member, signature, body }) => {
      if (member === "SearchItems") searched = decodeValues(signature, body, true);
      return answers({})[member] ?? { error: "some.Error" };
    });
    await secretServiceItems("awsrole", fake.env).get("session/v1/a/x");
    expect(searched).toEqual([
      [
        ["service", "awsrole"],
        ["username", "session/v1/a/x"],
      ],
    ]);
  });
});
