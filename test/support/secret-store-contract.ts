import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SecretStore } from "../../src/stores/open.ts";
import { isWholeValue, selfCheckingValue } from "./self-checking-value.ts";
import { buildSourceProgram, type SourceProgram } from "./bundle.ts";
import type { StoreReport, StoreTask } from "./store-child.ts";

export type StoreUnderTest = {
  store: SecretStore;
  /** The environment with which a child reaches the same store. */
  env?: NodeJS.ProcessEnv;
  /** TypeScript that exports nothing and defines `const store: SecretStore`; imports relative to test/support. None: a store
   * that processes do not share. */
  childStore?: string;
  /** Changes what is stored, as a disk error or another program would; the store must notice. None: it has no way to. */
  damage?: (account: string) => Promise<void>;
  close?: () => Promise<void>;
};

/**
 * What every SecretStore promises, as tests. `makeStore` runs once, before the first test. With AWSROLE_TEST_LONG the
 * concurrent tests run at full size.
 */
export function describeSecretStore(
  name: string,
  makeStore: () => StoreUnderTest | Promise<StoreUnderTest>,
  { skipReason }: { skipReason?: string | undefined } = {},
): void {
  describe.skipIf(skipReason)(
    `secret store: ${name}${skipReason ? ` (skipped: ${skipReason})` : ""}`,
    () => {
      let made: StoreUnderTest;
      let store: SecretStore;
      beforeAll(async () => {
        made = await makeStore();
        ({ store } = made);
      });
      afterAll(() => made?.close?.());

      it("says that an account never stored is absent", async () => {
        expect(await store.get("session/v1/nobody/x")).toBeUndefined();
        expect(await store.delete("session/v1/nobody/x")).toBe(false);
      });

      it("gives back what was set, until it is deleted", async () => {
        const account = "session/v1/prod/qUeFJZ_-9";
        await store.set(account, '{"v":1}');
        expect(await store.get(account)).toBe('{"v":1}');
        expect(await store.delete(account)).toBe(true);
        expect(await store.get(account)).toBeUndefined();
        expect(await store.delete(account)).toBe(false);
      });

      it.each([1, 100, 2048, 2560, 2561, 4096, 5300, 20_480])(
        "keeps a secret of %i characters",
        async (length) => {
          const secret = length < 30 ? "x".repeat(length) : selfCheckingValue("size", length);
          await store.set("session/v1/sizes/x", secret);
          expect(await store.get("session/v1/sizes/x")).toBe(secret);
        },
      );

      it("keeps any text: unicode, line breaks, quotes, NUL", async () => {
        const secret = 'zwölf 🗝️ 鍵\n\r\n\t"\\\u0000 \uFEFFb\u{10FFFF}';
        await store.set("session/v1/unicode/x", secret);
        expect(await store.get("session/v1/unicode/x")).toBe(secret);
      });

      it("overwrites, longer with shorter and shorter with longer", async () => {
        for (const length of [20_000, 300, 6000, 40, 12_000]) {
          await store.set("session/v1/again/x", selfCheckingValue("again", length));
          expect(await store.get("session/v1/again/x")).toBe(selfCheckingValue("again", length));
        }
        expect(await store.delete("session/v1/again/x")).toBe(true);
        expect(await store.get("session/v1/again/x")).toBeUndefined();
      });

      it("keeps apart accounts that resemble each other", async () => {
        const accounts = [
          "session/v1/a/b",
          "session/v1/a",
          "session/v1/A/b",
          "session/v1/a/a.1",
          "session/v1/a.b@c:d+e=f-_",
        ];
        accounts.push(`session/v1/${"l".repeat(185)}`, `session/v1/${"l".repeat(186)}`);
        for (const account of accounts) await store.set(account, `secret of ${account}`);
        for (const account of accounts)
          expect(await store.get(account)).toBe(`secret of ${account}`);
        for (const account of accounts) expect(await store.delete(account)).toBe(true);
      });

      it("answers many calls at once", async () => {
        const accounts = Array.from({ length: 12 }, (_, i) => `session/v1/many/${i}`);
        await Promise.all(
          accounts.map((account) => store.set(account, selfCheckingValue(account, 1500))),
        );
        const values = await Promise.all(accounts.map((account) => store.get(account)));
        expect(values).toEqual(accounts.map((account) => selfCheckingValue(account, 1500)));
        expect(await Promise.all(accounts.map((account) => store.delete(account)))).not.toContain(
          false,
        );
      });

      it("reads a damaged secret as absent, and can be overwritten and deleted", async ({
        skip,
      }) => {
        const { damage } = made;
        if (!damage) return skip("this store cannot tell");
        const account = "session/v1/damaged/x";
        for (const length of [300, 6000]) {
          await store.set(account, selfCheckingValue("damaged", length));
          await damage(account);
          expect(await store.get(account)).toBeUndefined();
          await store.set(account, "fixed");
          expect(await store.get(account)).toBe("fixed");
          await damage(account);
          expect(await store.delete(account)).toBe(true);
          expect(await store.get(account)).toBeUndefined();
        }
      });

      describe("among processes", () => {
        let program: SourceProgram | undefined;
        beforeAll(async () => {
          if (made.childStore === undefined) return;
          const child = 'import { runStoreChild } from "./store-child.ts";';
          program = await buildSourceProgram(
            `${child}\n${made.childStore}\nvoid runStoreChild(store);`,
          );
        });
        afterAll(() => program?.remove());

        const start = (task: StoreTask): ChildProcess => {
          const env = { ...process.env, ...made.env, ...program?.env };
          return spawn(process.execPath, [program?.path ?? "", JSON.stringify(task)], {
            env,
            stdio: "pipe",
          });
        };

        it(`lets ${PROCESSES} processes read and write`, async ({ skip }) => {
          if (!program) return skip("this store is one process's own");
          const tasks = Array.from(
            { length: PROCESSES },
            (_, id) => ({ do: "rounds", id, rounds: ROUNDS }) as const,
          );
          const reports = await Promise.all(tasks.map((task) => reportOf(start(task))));
          expect(total(reports)).toEqual({
            done: PROCESSES * ROUNDS,
            missing: 0,
            wrong: 0,
            errors: [],
          });
        });

        it("never shows four readers a mixture while one writes", async ({ skip }) => {
          if (!program) return skip("this store is one process's own");
          const account = "session/v1/raced/x";
          const forMs = LONG ? 6000 : 1000;
          await store.set(account, selfCheckingValue("first", 900));
          const writer = reportOf(start({ do: "write", account, forMs }));
          const readers = [1, 2, 3, 4].map(() => reportOf(start({ do: "read", account, forMs })));
          const read = total(await Promise.all(readers));
          expect(await writer).toMatchObject({ errors: [] });
          expect(read).toMatchObject({ wrong: 0, errors: [] });
          expect(read.done).toBeGreaterThan(0);
          expect(read.missing).toBeLessThan(read.done / 2);
        });

        it("survives a writer that is killed", async ({ skip }) => {
          if (!program) return skip("this store is one process's own");
          const account = "session/v1/killed/x";
          for (let i = 0; i < (LONG ? 30 : 4); i++) {
            const writer = start({ do: "write", account, forMs: 0 });
            if (writer.stderr) await once(writer.stderr, "data");
            await new Promise((resolve) => setTimeout(resolve, (i * 7) % 50));
            writer.kill("SIGKILL");
            await once(writer, "exit");
            const value = await store.get(account);
            expect(value === undefined || isWholeValue(value)).toBe(true);
          }
          await store.set(account, "after");
          expect(await store.get(account)).toBe("after");
          await store.delete(account);
          expect(await store.get(account)).toBeUndefined();
        });
      });
    },
  );
}

const LONG = Boolean(process.env["AWSROLE_TEST_LONG"]);
const PROCESSES = LONG ? 50 : 6;
const ROUNDS = LONG ? 5 : 3;

async function reportOf(child: ChildProcess): Promise<StoreReport> {
  if (!child.stdout || !child.stderr) throw new Error("the child needs pipes");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    throw new Error(`the child said: ${stdout}${stderr}`, { cause });
  }
}

function total(reports: StoreReport[]): StoreReport {
  const sum = (of: (report: StoreReport) => number) =>
    reports.reduce((all, report) => all + of(report), 0);
  return {
    done: sum((report) => report.done),
    missing: sum((report) => report.missing),
    wrong: sum((report) => report.wrong),
    errors: reports.flatMap((report) => report.errors),
  };
}
