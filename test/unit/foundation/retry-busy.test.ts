import { describe, expect, it } from "vitest";
import { retryBusy, retryBusySync } from "../../../src/foundation/retry-busy.ts";

/** Fails with `code` until it was called `times` times. */
function failing(code: string, times: number) {
  let calls = 0;
  const work = (): number => {
    calls += 1;
    if (calls <= times) throw Object.assign(new Error(code), { code });
    return calls;
  };
  return { work, calls: () => calls };
}

describe.each(["EPERM", "EACCES", "EBUSY"])("a file that is in use on Windows (%s)", (code) => {
  it("is tried again until it is free", async () => {
    expect(await retryBusy(async () => failing("", 0).work(), "win32")).toBe(1);
    const { work } = failing(code, 3);
    expect(await retryBusy(async () => work(), "win32")).toBe(4);
    expect(retryBusySync(failing(code, 3).work, "win32")).toBe(4);
  });

  it("is an error at once elsewhere, where nothing frees it", async () => {
    const slow = failing(code, 3);
    await expect(retryBusy(async () => slow.work(), "linux")).rejects.toMatchObject({ code });
    expect(slow.calls()).toBe(1);
    const { work, calls } = failing(code, 3);
    expect(() => retryBusySync(work, "darwin")).toThrow(code);
    expect(calls()).toBe(1);
  });
});

describe("on Windows", () => {
  it("is given up after a second and a half", async () => {
    const startedAt = performance.now();
    await expect(
      retryBusy(async () => failing("EPERM", Infinity).work(), "win32"),
    ).rejects.toMatchObject({ code: "EPERM" });
    expect(performance.now() - startedAt).toBeGreaterThan(1400);
  });

  it("tries nothing again that fails for another reason", () => {
    const { work, calls } = failing("ENOENT", 3);
    expect(() => retryBusySync(work, "win32")).toThrow("ENOENT");
    expect(calls()).toBe(1);
  });
});
