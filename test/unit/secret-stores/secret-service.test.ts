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
    Get: { signature: "v", values: [{ signature: "ao", value: [COLLECTION] }] },
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

  it("asks for a property, and has the answer, before it opens a session: gnome-keyring ends otherwise", async () => {
    const items = await start({ Get: "silence" });
    void items.get("a").catch(() => {});
    await expect.poll(() => fake?.members).toEqual(["Hello", "Get"]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fake?.members).toEqual(["Hello", "Get"]);
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
    expect(fake?.members.slice(-4)).toEqual(["SearchItems", "ReadAlias", "Unlock", "CreateItem"]);
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

    it("say what the prompt says, and leave nothing waiting", async () => {
      const items = await start({ ...LOCKED, Prompt: { error: "some.Error" } });
      await expect(items.get("a")).rejects.toMatchObject({ name: "some.Error" });
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
