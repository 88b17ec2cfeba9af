import { mkdtempSync, readdirSync, rmSync, mkdirSync, writeFileSync, utimesSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockName } from "../../../src/locks/backend.ts";
import {
  runSingleFlight,
  withLock,
  type SingleFlightOptions,
} from "../../../src/locks/single-flight.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flight-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Long enough for everything that was begun before it in this process to be under way: counted in turns of the event loop, for on
 * a busy machine a process may be away for any number of milliseconds.
 */
async function takeTime(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await pause(5);
}

/** A thing that happens once, to be waited for. */
function once(): { readonly happened: Promise<void>; readonly happens: () => void } {
  let happens = (): void => {};
  const happened = new Promise<void>((resolve) => {
    happens = resolve;
  });
  return { happened, happens };
}

/** A flight whose work takes a while and counts itself. */
function flights(changes: Partial<SingleFlightOptions<string>> = {}) {
  const counted = { works: 0 };
  const options: SingleFlightOptions<string> = {
    dir: folder,
    key: "prod",
    encode: String,
    decode: String,
    waitMs: 10_000,
    lookAgain: () => Promise.resolve(undefined),
    work: async () => {
      counted.works += 1;
      const answer = `answer ${counted.works}`;
      await takeTime();
      return { answer, share: true };
    },
    ...changes,
  };
  return {
    counted,
    fly: (more: Partial<SingleFlightOptions<string>> = {}) =>
      runSingleFlight({ ...options, ...more }),
  };
}

describe("a single flight", () => {
  it("works once for many at once and gives everyone the same answer", async () => {
    const { counted, fly } = flights();
    const results = await Promise.all(Array.from({ length: 50 }, () => fly()));
    expect(counted.works).toBe(1);
    expect(results.filter(({ how }) => how === "led")).toHaveLength(1);
    expect(results.filter(({ how }) => how === "shared")).toHaveLength(49);
    expect(new Set(results.map((result) => "answer" in result && result.answer))).toEqual(
      new Set(["answer 1"]),
    );
  });

  it("works once for each of several keys", async () => {
    const { counted, fly } = flights();
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => fly({ key: `profile ${index % 3}` })),
    );
    expect(counted.works).toBe(3);
  });

  it("carries an answer of 100 KB with line breaks and non-ASCII characters unchanged", async () => {
    const answer = "zwölf\n\u2028\0\ud83d\ude00".repeat(10_000);
    const { fly } = flights({
      work: async () => {
        await takeTime();
        return { answer, share: true };
      },
    });
    for (const result of await Promise.all([fly(), fly(), fly()]))
      expect(result).toMatchObject({ answer });
  });

  it("looks for an answer again before working, and shares the one it finds", async () => {
    const { counted, fly } = flights({
      lookAgain: async () => {
        await takeTime();
        return "stored";
      },
    });
    const results = await Promise.all([fly(), fly(), fly()]);
    expect(counted.works).toBe(0);
    expect(results.map(({ how }) => how).sort()).toEqual(["cached", "shared", "shared"]);
  });

  it("does not give a forced refresh an answer that another caller found in the store", async () => {
    const looking = once();
    const { counted, fly } = flights({
      lookAgain: async () => {
        looking.happens();
        await takeTime();
        return "stored";
      },
    });
    const finder = fly();
    await looking.happened;
    expect(await fly({ lookAgain: undefined })).toEqual({ how: "led", answer: "answer 1" });
    expect(await finder).toEqual({ how: "cached", answer: "stored" });
    expect(counted.works).toBe(1);
  });

  it("lets those who wait try in turn when the answer is personal", async () => {
    let atOnce = 0;
    let most = 0;
    let works = 0;
    const { fly } = flights({
      work: async () => {
        works += 1;
        most = Math.max(most, (atOnce += 1));
        await pause(20);
        atOnce -= 1;
        return { answer: "nobody is here", share: false };
      },
    });
    const results = await Promise.all(Array.from({ length: 5 }, () => fly()));
    expect(results.every(({ how }) => how === "led")).toBe(true);
    expect({ works, most }).toEqual({ works: 5, most: 1 });
  });

  it("throws what the work throws, to the one who worked only", async () => {
    let works = 0;
    const { fly } = flights({
      work: async () => {
        works += 1;
        const first = works === 1;
        await takeTime();
        if (first) throw new Error("mine alone");
        return { answer: "good", share: true };
      },
    });
    const results = await Promise.allSettled([fly(), fly(), fly()]);
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(works).toBe(2);
  });

  it("ends a wait after the waiter's own time, and leaves the flight alone", async () => {
    const [working, enough] = [once(), once()];
    const { fly } = flights({
      work: async () => {
        working.happens();
        await enough.happened;
        return { answer: "late", share: true };
      },
    });
    const leader = fly();
    await working.happened;
    expect(await fly({ waitMs: 100 })).toEqual({ how: "timeout" });
    enough.happens();
    expect(await leader).toEqual({ how: "led", answer: "late" });
  });

  it("works even with no time to wait when nobody else does", async () => {
    const { fly } = flights();
    expect(await fly({ waitMs: 0 })).toMatchObject({ how: "led" });
  });

  it("works uncoordinated without a runtime directory, and in one that cannot be used", async () => {
    const { counted, fly } = flights();
    writeFileSync(join(folder, "file"), "");
    const unusable = [
      undefined,
      join(folder, "missing"),
      join(folder, "file"),
      join(folder, "x".repeat(120)),
    ];
    for (const each of unusable)
      expect(await fly({ dir: each })).toMatchObject({ how: "uncoordinated" });
    expect(counted.works).toBe(4);
  });

  it("is not misled by rubbish in the key's place", async () => {
    const { fly } = flights();
    const place = join(folder, lockName("flight 1\nprod"));
    mkdirSync(place);
    writeFileSync(join(place, "rubbish"), "no socket");
    expect(await fly()).toMatchObject({ how: "led" });

    mkdirSync(place, { recursive: true });
    mkdirSync(join(place, "folder"));
    expect(await fly()).toMatchObject({ how: "uncoordinated" });
  });

  it("starts over when a leader says something that is no answer", async () => {
    const { fly } = flights();
    const place = join(folder, lockName("flight 1\nprod"));
    for (const word of [
      "\n\n{",
      "{}\n",
      '{"answer":1,"cached":true}\n',
      "null\n",
      "x".repeat(2_000_000),
    ]) {
      mkdirSync(place, { recursive: true });
      const server = createServer((socket) => {
        server.close();
        socket.on("error", () => {});
        socket.end(word);
      });
      await new Promise<void>((resolve) => server.listen(join(place, "n"), resolve));
      expect(await fly()).toMatchObject({ how: "led" });
    }
  });

  it("leaves nothing behind, and sweeps what claimants that were killed left", async () => {
    mkdirSync(join(folder, ".fresh"));
    mkdirSync(join(folder, ".old"));
    writeFileSync(join(folder, ".old", "socket"), "");
    const twoMinutesAgo = Date.now() / 1000 - 120;
    utimesSync(join(folder, ".old"), twoMinutesAgo, twoMinutesAgo);
    const { fly } = flights();
    await Promise.all([fly(), fly(), fly()]);
    expect(readdirSync(folder)).toEqual([".fresh"]);
  });
});

describe("a lock", () => {
  it("lets one in at a time and gives each what its own work returned", async () => {
    let atOnce = 0;
    const work = (index: number) => async () => {
      atOnce += 1;
      expect(atOnce).toBe(1);
      await pause(5);
      atOnce -= 1;
      return index;
    };
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        withLock({ dir: folder, key: "config", waitMs: 20_000 }, work(index)),
      ),
    );
    expect(results).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  it("is not the flight of the same key", async () => {
    const { fly } = flights({ key: "config", waitMs: 0 });
    expect(await withLock({ dir: folder, key: "config", waitMs: 1000 }, () => fly())).toMatchObject(
      { how: "led" },
    );
  });

  it("gives up with advice when others lease it too long", async () => {
    const [working, enough] = [once(), once()];
    const leader = withLock({ dir: folder, key: "config", waitMs: 1000 }, () => {
      working.happens();
      return enough.happened;
    });
    await working.happened;
    await expect(
      withLock({ dir: folder, key: "config", waitMs: 100 }, () => Promise.resolve()),
    ).rejects.toMatchObject({
      code: "ERR_DEADLINE",
      hint: expect.stringContaining("try again"),
    });
    enough.happens();
    await leader;
  });

  it("is free again after work that threw", async () => {
    await expect(
      withLock({ dir: folder, key: "config", waitMs: 1000 }, () =>
        Promise.reject(new Error("mine")),
      ),
    ).rejects.toThrow("mine");
    expect(
      await withLock({ dir: folder, key: "config", waitMs: 1000 }, () => Promise.resolve("next")),
    ).toBe("next");
  });
});
