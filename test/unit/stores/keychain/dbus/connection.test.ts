import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { connectToSessionBus } from "../../../../../src/stores/keychain/dbus/connection.ts";
import {
  type BusAnswer,
  type BusCall,
  type FakeBus,
  startFakeBus,
} from "../../../../support/fake-bus.ts";

const LOST = { name: "org.freedesktop.DBus.Error.Disconnected" };
const call = { destination: "d.d", path: "/p", interface: "i.i" };

describe("the session's D-Bus", () => {
  let fake: FakeBus | undefined;
  const start = async (answer: (call: BusCall) => BusAnswer = () => "silence") =>
    connectToSessionBus((fake = await startFakeBus(answer)).env);
  afterEach(async () => {
    await fake?.close();
    fake = undefined;
  });

  it("answers calls with values, each its own, whatever their order and the pieces they come in", async () => {
    const bus = await start(({ member }) => ({ signature: "s", values: [`${member}!`] }));
    const members = Array.from({ length: 20 }, (_, i) => `M${i}`);
    const answers = members.map((member) => bus.call({ ...call, member, returns: "s" }));
    expect(await Promise.all(answers)).toEqual(members.map((member) => [`${member}!`]));
  });

  it("says hello first", async () => {
    const bus = await start(() => ({ signature: "", values: [] }));
    await bus.call({ ...call, member: "First" });
    expect(fake?.members).toEqual(["Hello", "First"]);
  });

  it("answers with the other side's error, by its name", async () => {
    const bus = await start(() => ({ error: "some.Error" }));
    await expect(bus.call({ ...call, member: "M" })).rejects.toMatchObject({
      name: "some.Error",
      message: "words of the fake",
    });
  });

  it("refuses an answer that is not of the signature it was asked for", async () => {
    const bus = await start(() => ({ signature: "u", values: [1] }));
    await expect(bus.call({ ...call, member: "M", returns: "s" })).rejects.toThrow(RangeError);
  });

  it("waits for a signal of that object and that name", async () => {
    const bus = await start(() => ({ signature: "", values: [] }));
    const completed = bus.signal({
      sender: "d.d",
      path: "/p",
      interface: "i.i",
      member: "Completed",
      returns: "b",
    });
    await bus.call({ ...call, member: "M" });
    expect(fake?.rules).toEqual([
      "type='signal',sender='d.d',path='/p',interface='i.i',member='Completed'",
    ]);
    fake?.signal("/other", "i.i", "Completed", "b", [true]);
    fake?.signal("/p", "other.i", "Completed", "b", [true]);
    await bus.call({ ...call, member: "M" });
    fake?.signal("/p", "i.i", "Completed", "bv", [false, { signature: "s", value: "" }]);
    expect(await completed).toEqual([false]);
  });

  it("rejects what is waited for when the bus hangs up, and every call after that", async () => {
    const bus = await start();
    const waiting = [
      bus.call({ ...call, member: "M" }),
      bus.signal({ sender: "d.d", path: "/p", interface: "i.i", member: "S" }),
    ].map((one) => expect(one).rejects.toMatchObject(LOST));
    await expect.poll(() => fake?.members.includes("M")).toBe(true);
    fake?.hangUp();
    await Promise.all(waiting);
    await expect(bus.call({ ...call, member: "M" })).rejects.toMatchObject(LOST);
  });

  it.each([
    ["a message longer than any", "6c020001ffffffff01000000ffffffff"],
    ["header fields that end nowhere", "6c0200010000000001000000080000000501730001ffffff"],
  ])("hangs up at %s", async (_, hex) => {
    const bus = await start();
    const waiting = expect(bus.call({ ...call, member: "M" })).rejects.toMatchObject({
      ...LOST,
      cause: expect.any(RangeError),
    });
    await expect.poll(() => fake?.members.includes("M")).toBe(true);
    fake?.send(Buffer.from(hex, "hex"));
    await waiting;
  });

  it("tells every caller that waits, and hangs up, when it is closed", async () => {
    const bus = await start();
    const waiting = expect(bus.call({ ...call, member: "M" })).rejects.toMatchObject(LOST);
    await expect.poll(() => fake?.members.includes("M")).toBe(true);
    bus.close();
    await waiting;
    await expect.poll(() => fake?.clients()).toBe(0);
  });

  it("is not there", async () => {
    for (const address of ["disabled:", "unix:path=/nowhere/bus"]) {
      const env = { DBUS_SESSION_BUS_ADDRESS: `${address};tcp:host=x,port=1` };
      await expect(connectToSessionBus(env)).rejects.toMatchObject(LOST);
    }
  });

  it.skipIf(process.platform !== "linux")("waits for a bus that is too busy", async () => {
    // A queue for one client, and nobody who takes it in.
    const program = `
      require("net").createServer((c) => c.on("data", () => {})).listen({ path: process.argv[1], backlog: 1 },
        () => { console.log("up"); });`;
    const folder = mkdtempSync(join(tmpdir(), "awsrole-bus-"));
    const socket = join(folder, "bus");
    const busy = spawn(process.execPath, ["-e", program, socket], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(busy.stdout, "data");
      busy.kill("SIGSTOP");
      const state = () => readFileSync(`/proc/${busy.pid}/stat`, "utf8").split(" ")[2];
      await expect.poll(state).toBe("T");
      const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` };
      const clients = Promise.all(Array.from({ length: 8 }, () => connectToSessionBus(env)));
      setTimeout(() => busy.kill("SIGCONT"), 100);
      for (const bus of await clients) bus.close();
    } finally {
      busy.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });
});
