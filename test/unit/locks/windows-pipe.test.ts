/**
 * The Windows meeting place with a pretended lock, and sockets for pipes but on Windows: everything but what only Windows can do. The real
 * lock was run under Wine (docs/internals/single-flight.md).
 */
import { createServer, type Server } from "node:net";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, uptime } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lockName } from "../../../src/locks/backend.ts";
import {
  createWindowsPipeBackend,
  openLine,
  sealLine,
  type WindowsSystem,
} from "../../../src/locks/windows-pipe.ts";
import { createLeaderServer, waitForLeader } from "../../../src/locks/protocol.ts";

let folder: string;
let locked: Set<string>;
let system: WindowsSystem;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fw-"));
  locked = new Set();
  system = {
    openExclusively: (path) => {
      if (locked.has(path)) return undefined;
      locked.add(path);
      return () => locked.delete(path);
    },
    pipePath: (name) =>
      process.platform === "win32"
        ? `\\\\.\\pipe\\${basename(folder)}-${name}`
        : join(folder, name),
  };
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const secret = Buffer.alloc(32, 7);

describe("a line on a Windows pipe", () => {
  it("is read by those who know the secret, whatever the text", () => {
    for (const text of ["", " ", "zwölf\n\0", "x".repeat(100_000)]) {
      const line = sealLine(secret, text);
      expect(line).toMatch(/^[A-Za-z0-9+/=]+$/);
      expect(openLine(secret, line)).toBe(text);
    }
  });

  it("says nothing to others, and is never the same twice", () => {
    const line = sealLine(secret, "the answer");
    expect(openLine(Buffer.alloc(32, 8), line)).toBeUndefined();
    expect(Buffer.from(line, "base64").includes("answer")).toBe(false);
    expect(sealLine(secret, "the answer")).not.toBe(line);
  });

  it("is nothing when it was changed, cut, made up", () => {
    const sealed = Buffer.from(sealLine(secret, "the answer"), "base64");
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openLine(secret, changed.toString("base64"))).toBeUndefined();
      expect(openLine(secret, sealed.subarray(0, at).toString("base64"))).toBeUndefined();
    }
    for (const line of ["", "\n", "{}", "%%%"]) expect(openLine(secret, line)).toBeUndefined();
  });
});

describe("the lock on Windows", () => {
  it("has one leader, whom the others find and hear", async () => {
    const place = createWindowsPipeBackend(folder, "prod", system);
    expect(place.leader()).toBeUndefined();
    const host = createLeaderServer();
    const lease = await place.claim(host.server);
    if (lease === undefined) return expect.unreachable();
    host.start(lease);
    expect(await place.claim(createServer())).toBeUndefined();

    const leader = place.leader();
    if (leader === undefined) return expect.unreachable();
    const heard = waitForLeader(leader, { waitMs: 5000, silentMs: 5000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await host.end({ answer: "secret answer", found: false });
    expect(await heard).toEqual({ kind: "answer", answer: "secret answer", found: false });

    expect(place.leader()).toBeUndefined();
    expect(
      await createWindowsPipeBackend(folder, "prod", system).claim(createServer()),
    ).toBeDefined();
  });

  it("is free after a leader died, whose announcement is found dead and swept", async () => {
    const place = createWindowsPipeBackend(folder, "prod", system);
    const announced = join(folder, lockName("prod"));
    mkdirSync(announced);
    writeFileSync(join(announced, "dead"), secret);
    const leader = place.leader();
    if (leader === undefined) return expect.unreachable();
    expect(await waitForLeader(leader, { waitMs: 1000, silentMs: 1000 })).toEqual({ kind: "dead" });

    const server = createServer();
    const lease = await place.claim(server);
    expect(readdirSync(announced)).not.toContain("dead");
    leader.remove();
    expect(place.leader()).toBeDefined();
    lease?.release();
    server.close();
    expect(place.leader()).toBeUndefined();
  });

  it("takes no notice of an announcement that is not complete", () => {
    const announced = join(folder, lockName("prod"));
    mkdirSync(announced);
    writeFileSync(join(announced, "half"), secret.subarray(0, 16));
    expect(createWindowsPipeBackend(folder, "prod", system).leader()).toBeUndefined();
  });

  it("gives back the lock when the pipe cannot be had", async () => {
    const place = createWindowsPipeBackend(folder, "prod", {
      ...system,
      pipePath: () => join(folder, "no", "such"),
    });
    await expect(place.claim(createServer())).rejects.toThrow();
    expect(locked.size).toBe(0);
  });

  it("takes another process on a dead leader's pipe for silent, even one that replays what it recorded", async () => {
    const place = createWindowsPipeBackend(folder, "prod", system);
    const announced = join(folder, lockName("prod"));
    mkdirSync(announced);
    writeFileSync(join(announced, "dead"), secret);
    const recorded = sealLine(secret, "", uptime() * 1000 - 15_000);
    const squatter = await talker(
      system.pipePath("dead"),
      `hello\n${JSON.stringify({ answer: "false", found: false })}\n${recorded}\n`,
    );
    const leader = place.leader();
    if (leader === undefined) return expect.unreachable();
    expect(await waitForLeader(leader, { waitMs: 5000, silentMs: 750 })).toEqual({
      kind: "silent",
    });
    squatter.close();
  });

  it("announces a secret of 32 bytes in the private folder and nothing else", async () => {
    const server = createServer();
    const lease = await createWindowsPipeBackend(folder, "prod", system).claim(server);
    const announced = join(folder, lockName("prod"));
    const [name = "", ...others] = readdirSync(announced);
    expect(others).toEqual([]);
    expect(readFileSync(join(announced, name))).toHaveLength(32);
    lease?.release();
    server.close();
  });
});

/** A server that says the same to everyone, every 100 ms. */
async function talker(path: string, text: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const again = setInterval(() => socket.write(text), 100);
    socket.on("close", () => clearInterval(again));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}
