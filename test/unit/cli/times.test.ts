import { describe, expect, it } from "vitest";
import { formatMinutes, formatUntil } from "../../../src/cli/times.ts";

describe("a time for people", () => {
  const now = new Date(2026, 10, 28, 16, 1);
  const after = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);

  it.each([
    [60 - 0.01, "17:00, in 59 min"],
    [60, "17:01, in 1 h"],
    [-5, "15:56, 5 min ago"],
    [700, "2026-11-29 03:41, in 11 h 40 min"],
    [0, "16:01, in 0 min"],
    [-0.5, "16:00, just now"],
  ])("in %d minutes is %j", (minutes, text) => expect(formatUntil(after(minutes), now)).toBe(text));

  it.each([
    [59.9, "59 min"],
    [150, "2 h 30 min"],
    [47 * 60, "47 h"],
    [48 * 60, "2 d"],
    [75 * 60, "3 d 3 h"],
  ])("of %d minutes is %j", (minutes, text) => expect(formatMinutes(minutes)).toBe(text));
});
