import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { buildSourceProgram, type SourceProgram } from "../support/bundle.ts";

/** A keychain that fails: a real gnome-keyring, and a native call that is blocked. Every attempt is a process of its own, which has to end. */
const PROGRAM = `
import { createOsKeychain } from "../../src/stores/keychain/index.ts";
import { endBlockedProcess } from "../../src/stores/keychain/end-process.ts";
import { hasPendingNativeCall, trackNativeCall } from "../../src/stores/keychain/native-calls.ts";
import { writeSync } from "node:fs";
import { open } from "node:fs/promises";

async function main() {
  const [operation, account, exitCode] = process.argv.slice(2);
  const store = createOsKeychain({ silentAfterMs: () => 1000 });
  const report = (answer) => writeSync(1, JSON.stringify({ ...answer, pending: hasPendingNativeCall() }));
  if (operation === "block") {
    // As the native library's at a prompt that nobody answers: opening a FIFO that nobody writes to.
    void trackNativeCall(() => open(account, "r"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    report({});
  } else {
    const call = operation === "set" ? store.set(account, "new") : store[operation](account);
    await call.then((value) => report({ value }), ({ code, message }) => report({ code, message }));
  }
  process.exitCode = Number(exitCode);
  if (hasPendingNativeCall()) endBlockedProcess(Number(exitCode));
}
void main();
`;

type Answer = { value?: unknown; code?: string; message?: string; pending: boolean };
type Outcome = Answer & { exit: number | NodeJS.Signals | null; stderr: string; seconds: number };

const LONG = Boolean(process.env["AWSROLE_TEST_LONG"]);
const OTHER_NODES = ["22", "24", "26"];
const skipReason = keychainSkipReason();
const ACCOUNT = "session/v1/prod/x";

describe.skipIf(skipReason)(
  `a keychain that fails${skipReason ? ` (skipped: ${skipReason})` : ""}`,
  () => {
    let program: SourceProgram;
    beforeAll(async () => {
      program = await buildSourceProgram(PROGRAM);
    });
    afterAll(() => program.remove());

    async function attempt(
      daemon: Pick<KeychainDaemon, "env">,
      args: [operation: "get" | "set" | "delete" | "block", account?: string, exitCode?: number],
      node: string[] = [process.execPath],
    ): Promise<Outcome> {
      const [operation, account = ACCOUNT, exitCode = 0] = args;
      const startedAt = performance.now();
      const [command = "", ...before] = node;
      const child = spawn(
        command,
        [...before, program.path, operation, account, String(exitCode)],
        {
          env: { ...daemon.env, ...program.env },
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      const giveUp = setTimeout(() => child.kill("SIGKILL"), 60_000);
      const [stdout, stderr, [code, signal]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, "exit"),
      ]);
      clearTimeout(giveUp);
      return {
        ...JSON.parse(stdout),
        exit: code ?? signal,
        stderr,
        seconds: (performance.now() - startedAt) / 1000,
      };
    }

    describe("is not there", () => {
      // Never the keychain of the person who runs the tests.
      const hasBus = existsSync(`/run/user/${process.getuid?.()}/bus`)
        ? "this machine has a session bus"
        : undefined;
      it.skipIf(hasBus !== undefined)(titled("without a session bus", hasBus), async () => {
        const { DBUS_SESSION_BUS_ADDRESS: _, DISPLAY: __, ...env } = process.env;
        const outcome = await attempt({ env: { ...env, XDG_RUNTIME_DIR: "/nowhere" } }, ["get"]);
        expect(outcome).toMatchObject({
          code: "ERR_STORE_UNAVAILABLE",
          exit: 0,
          stderr: "",
          pending: false,
        });
      });

      it.skipIf(hasBus !== undefined)(titled("behind a dead socket", hasBus), async () => {
        const env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere/bus" };
        expect(await attempt({ env }, ["get"])).toMatchObject({
          code: "ERR_STORE_UNAVAILABLE",
          exit: 0,
          stderr: "",
        });
      });

      it("on a bus without a keychain", async () => {
        const bus = await startKeychainDaemon({ provider: "none" });
        try {
          for (const operation of ["get", "set", "delete"] as const) {
            expect(await attempt(bus, [operation])).toMatchObject({
              code: "ERR_STORE_UNAVAILABLE",
              exit: 0,
              stderr: "",
            });
          }
        } finally {
          await bus.stop();
        }
      });
    });

    describe("is locked", () => {
      let daemon: KeychainDaemon;
      beforeAll(async () => {
        daemon = await startKeychainDaemon();
        expect(await attempt(daemon, ["set"])).toMatchObject({ pending: false });
        await daemon.lock();
      });
      afterAll(() => daemon?.stop());

      it("says so for every operation, at once, and the item stays", async () => {
        for (const operation of ["get", "set", "delete"] as const) {
          const outcome = await attempt(daemon, [operation]);
          expect(outcome).toMatchObject({
            code: "ERR_STORE_LOCKED",
            exit: 0,
            stderr: "",
            pending: false,
          });
        }
        expect(await daemon.itemCount()).toBe(1);
      });

      it("still says that an item never stored is absent", async () => {
        const outcome = await attempt(daemon, ["get", "session/v1/never/x"]);
        expect(outcome).toMatchObject({ pending: false, exit: 0, stderr: "" });
        expect(outcome).not.toHaveProperty("code");
        expect(outcome.value).toBeUndefined();
      });

      describe("behind a prompt that nobody answers", () => {
        beforeAll(() => daemon.ignorePrompts());

        it.each([0, 3])(
          "ends with the exit code %i although there is no answer",
          async (exitCode) => {
            const outcome = await attempt(daemon, ["get", ACCOUNT, exitCode]);
            expect(outcome).toMatchObject({
              code: "ERR_STORE_TIMEOUT",
              pending: false,
              exit: exitCode,
              stderr: "",
            });
            expect(outcome.seconds).toBeGreaterThan(0.9);
            expect(outcome.seconds).toBeLessThan(25);
          },
        );

        it.skipIf(!LONG).each(OTHER_NODES)(
          "ends with the exit code on node@%s too (AWSROLE_TEST_LONG)",
          async (version) => {
            const outcome = await attempt(daemon, ["get", ACCOUNT, 0], npxNode(version));
            expect(outcome).toMatchObject({ code: "ERR_STORE_TIMEOUT", pending: false, exit: 0 });
          },
        );
      });
    });

    it("is locked after a login without its password", async () => {
      const daemon = await startKeychainDaemon({ unlocked: false });
      try {
        expect(await attempt(daemon, ["set"])).toMatchObject({ code: "ERR_STORE_LOCKED", exit: 0 });
      } finally {
        await daemon.stop();
      }
    });

    it("is stopped (Ctrl-Z): no answer, no blocked call, and it works when it goes on", async () => {
      const daemon = await startKeychainDaemon();
      try {
        daemon.hang();
        expect(await attempt(daemon, ["get"])).toMatchObject({
          code: "ERR_STORE_TIMEOUT",
          pending: false,
          exit: 0,
        });
        daemon.resume();
        expect(await attempt(daemon, ["get"])).not.toHaveProperty("code");
      } finally {
        await daemon.stop();
      }
    });

    describe("blocks a native call", () => {
      it("ends by a signal on Node 20, with the exit code where process.execve exists", async () => {
        const fifo = await makeFifo(program);
        const outcome = await attempt({ env: process.env }, ["block", fifo, 3]);
        expect(outcome).toMatchObject({
          pending: true,
          exit: "execve" in process ? 3 : "SIGTERM",
          stderr: "",
        });
      });

      it.skipIf(!LONG).each(OTHER_NODES)(
        "ends with the exit code on node@%s (AWSROLE_TEST_LONG)",
        async (version) => {
          const fifo = await makeFifo(program);
          const outcome = await attempt({ env: process.env }, ["block", fifo, 3], npxNode(version));
          expect(outcome).toMatchObject({ pending: true, exit: 3 });
        },
      );
    });
  },
);

function npxNode(version: string): string[] {
  return ["npx", "-y", "-p", `node@${version}`, "--", "node"];
}

async function makeFifo(program: SourceProgram): Promise<string> {
  const path = `${program.path}.fifo-${process.pid}-${Math.random().toString(36).slice(2)}`;
  await once(spawn("mkfifo", [path]), "exit");
  return path;
}
