import { describe, expect, it } from "vitest";
import {
  deadlineFromNow,
  deadlineFromProcessStart,
  deadlineMs,
  sinceStartMs,
  within,
} from "../../../src/foundation/deadline.ts";

describe("a deadline", () => {
  it("is 18 s where nobody can be asked, 55 s where a person is", () => {
    expect(deadlineMs).toEqual({ unattended: 18_000, attended: 55_000 });
  });

  it("runs from the start of the process, or from now, and never below 0", () => {
    const age = sinceStartMs();
    const left = deadlineFromProcessStart(age + 60_000).remainingMs();
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
    expect(deadlineFromProcessStart(age - 1).remainingMs()).toBe(0);
    expect(deadlineFromNow(60_000).remainingMs()).toBeGreaterThan(50_000);
  });

  it("inside another ends earlier by a reserve, or after its own time, whichever comes first", () => {
    const outer = { remainingMs: () => 10_000 };
    expect(within(outer, { reserveMs: 3000 }).remainingMs()).toBe(7000);
    expect(within(outer, { reserveMs: 11_000 }).remainingMs()).toBe(0);
    expect(within(outer, { atMostMs: 60_000 }).remainingMs()).toBe(10_000);
    const short = within(outer, { atMostMs: 5000, reserveMs: 3000 }).remainingMs();
    expect(short).toBeGreaterThan(4000);
    expect(short).toBeLessThanOrEqual(5000);
  });
});
