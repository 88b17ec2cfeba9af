import { describe, expect, it } from "vitest";
import { watchMainThread } from "../../../src/foundation/watchdog.ts";

const [beatsCell, endCell, deadlineCell, lengthCell, patienceCell] = [0, 1, 2, 3, 4];

/** What the watching thread does with a main thread that changes the cells as `each` says, second by second; at most 40 of them. */
function watch(
  each: (cells: Int32Array, second: number) => void,
  { cpuMsPerSecond = 0, isRunnable = false } = {},
) {
  const cells = new Int32Array(new SharedArrayBuffer(24));
  const lines = new Uint8Array(1024);
  const text = JSON.stringify({ stderr: "awsrole: a problem\n", stdout: "" });
  cells[lengthCell] = new TextEncoder().encodeInto(text, lines).written;
  let second = 0;
  let killedIn: number | undefined;
  const written: string[] = [];
  watchMainThread(cells, lines, {
    tickMs: 1,
    // Asked once before the first second, and once in each.
    cpuMs: () => {
      each(cells, second);
      if (second === 40) cells[endCell] = 1;
      return cpuMsPerSecond * second++;
    },
    isRunnable: () => isRunnable,
    write: (descriptor, line) => written.push(`${descriptor} ${line}`),
    kill: () => (killedIn = second - 1),
  });
  return { killedIn, written };
}

describe("the thread that watches the main thread", () => {
  it("ends the process, its lines written before, when the main thread has not moved for ten seconds", () => {
    const { killedIn, written } = watch(() => {});
    expect(killedIn).toBe(11);
    expect(written).toEqual(["2 awsrole: a problem\n"]);
  });

  it("leaves a process alone that waits for a processor, its deadline over or not", () => {
    const late = (cells: Int32Array): void => void (cells[deadlineCell] = 3);
    expect(watch(late, { isRunnable: true })).toEqual({ killedIn: undefined, written: [] });
  });

  it("leaves a process alone whose main thread moves: one that waits for a person, a child or the network", () => {
    const { killedIn, written } = watch((cells) => void (cells[beatsCell]! += 1));
    expect({ killedIn, written }).toEqual({ killedIn: undefined, written: [] });
  });

  it("starts to count again when it moves after nine seconds", () => {
    const { killedIn } = watch((cells, second) => {
      if (second === 10) cells[beatsCell]! += 1;
    });
    expect(killedIn).toBe(21);
  });

  it("leaves a main thread alone that works", () => {
    expect(watch(() => {}, { cpuMsPerSecond: 0.5 }).killedIn).toBeUndefined();
  });

  it("waits two seconds only when the deadline is over", () => {
    const { killedIn } = watch((cells, second) => {
      cells[deadlineCell] = 8;
      if (second < 6) cells[beatsCell]! += 1;
    });
    expect(killedIn).toBe(8);
  });

  it("waits for another program that is to read or write, but not beyond the deadline", () => {
    const isWaiting = (cells: Int32Array): void => void (cells[patienceCell] = 1);
    expect(watch(isWaiting).killedIn).toBeUndefined();
    expect(
      watch((cells) => {
        isWaiting(cells);
        cells[deadlineCell] = 15;
      }).killedIn,
    ).toBe(15);
  });

  it("ends the process when it has nothing to say, or cannot say it", () => {
    const cells = new Int32Array(new SharedArrayBuffer(24));
    let isKilled = false;
    watchMainThread(cells, new Uint8Array(8), {
      tickMs: 1,
      cpuMs: () => 0,
      isRunnable: () => false,
      write: () => {
        throw new Error("EPIPE");
      },
      kill: () => (isKilled = true),
    });
    expect(isKilled).toBe(true);
  });

  it("uses nothing from around it: it is started as a text", () => {
    const source = watchMainThread.toString();
    // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- as the thread does it
    const alone = new Function(`return (${source})`)() as typeof watchMainThread;
    let isKilled = false;
    alone(new Int32Array(new SharedArrayBuffer(24)), new Uint8Array(8), {
      tickMs: 1,
      cpuMs: () => 0,
      isRunnable: () => false,
      write: () => {},
      kill: () => (isKilled = true),
    });
    expect(isKilled).toBe(true);
  });
});
