import { afterEach, describe, expect, it } from "vitest";
import { decodeValues } from "../../../src/secret-stores/d-bus-values.ts";
import { secretServiceItems } from "../../../src/secret-stores/secret-service.ts";
import { type BusAnswer, type FakeBus, startFakeBus } from "../../support/fake-bus.ts";

const ITEM = "/org/freedesktop/secrets/collection/login/1";
const COLLECTION = "/org/freedesktop/secrets/collection/login";
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
    ReadAlias: { signature: "o", values: [COLLECTION] },
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
    const gone = { error: "org.freedesktop.Secret.Error.NoSuchObject" };
    expect(await (await start({ Delete: gone })).delete("a")).toBe(true);
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
    expect(fake?.members.slice(-5)).toEqual([
      "SearchItems",
      "OpenSession",
      "ReadAlias",
      "Unlock",
      "CreateItem",
    ]);
  });

  it("says that there is no collection to create an item in", async () => {
    const items = await start({
      SearchItems: { signature: "aoao", values: [[], []] },
      ReadAlias: { signature: "o", values: ["/"] },
    });
    await expect(items.set("a", Buffer.from("x"))).rejects.toMatchObject({
      name: "awsrole.NoCollection",
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

    it("say what the prompt says, and leave nothing waiting", async () => {
      const items = await start({ ...LOCKED, Prompt: { error: "some.Error" } });
      await expect(items.get("a")).rejects.toMatchObject({ name: "some.Error" });
    });
  });

  describe("that a locked collection hides, as KeePassXC does", () => {
    /** Locked, it shows neither to a search nor by itself what is in it. */
    async function startHiding({ shows = [] as string[], hidden = [ITEM] } = {}) {
      let isLocked = true;
      fake = await startFakeBus(({ member, signature, body }) => {
        if (member === "SearchItems")
          return { signature: "aoao", values: [isLocked ? [] : hidden, []] };
        if (member === "Prompt") isLocked = false;
        if (member === "Get") {
          const [, name] = decodeValues(signature, body, true);
          const value =
            name === "Locked"
              ? { signature: "b", value: isLocked }
              : { signature: "ao", value: shows };
          return { signature: "v", values: [value] };
        }
        const all = answers({ Unlock: { signature: "aoo", values: [[], PROMPT] } });
        return all[member] ?? { error: "some.Error" };
      });
      return secretServiceItems("awsrole", fake.env);
    }
    it.each(["get", "delete"] as const)(
      "are there once a person has unlocked it: %s",
      async (operation) => {
        const answer = (await startHiding())[operation]("a");
        await answerPrompt(false);
        expect(await answer).toBeTruthy();
      },
    );

    it("are replaced once a person has unlocked it", async () => {
      const written = (await startHiding()).set("a", Buffer.from("x"));
      await answerPrompt(false);
      await written;
      expect(fake?.members).toContain("SetSecret");
      expect(fake?.members).not.toContain("CreateItem");
    });

    it.each(["get", "delete"] as const)(
      "are not taken for absent when the prompt is dismissed: %s",
      async (operation) => {
        const refused = expect((await startHiding())[operation]("a")).rejects.toMatchObject({
          name: "awsrole.PromptDismissed",
        });
        await answerPrompt(true);
        await refused;
      },
    );

    it("are absent without a prompt where the collection shows others", async () => {
      const items = await startHiding({ shows: [`${ITEM}1`] });
      expect(await items.get("a")).toBeUndefined();
      expect(await items.delete("a")).toBe(false);
      expect(fake?.members).not.toContain("Unlock");
      expect(fake?.members.filter((member) => member === "Get")).toHaveLength(2);
    });

    it("are absent where there is no collection", async () => {
      const items = await start({
        SearchItems: { signature: "aoao", values: [[], []] },
        ReadAlias: { signature: "o", values: ["/"] },
      });
      expect(await items.get("a")).toBeUndefined();
      expect(fake?.members).not.toContain("Get");
    });
  });

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
