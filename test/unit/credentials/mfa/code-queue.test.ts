import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createMfaCodes,
  type MfaCodesOptions,
} from "../../../../src/credentials/mfa/code-queue.ts";
import { unavailable } from "../../../../src/foundation/prompter.ts";
import { createMfaMemory } from "../../../../src/credentials/mfa/used-codes.ts";
import { AwsRoleError } from "../../../../src/foundation/errors.ts";

const serial = "arn:aws:iam::123456789012:mfa/Bob";
const device = {
  serial,
  process: undefined,
  prompt: "terminal",
  sessionSeconds: 43_200,
} as const;
const withProcess = { ...device, process: "code" };

describe("spending an MFA code", () => {
  let folder: string;
  /** Seconds since the start; the start is 10 s into a step of 30. */
  let time: number;
  /** What the terminal showed. */
  let screen: string[];
  /** What AWS was shown. */
  let sent: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-mfa-"));
    [time, screen, sent] = [0, [], []];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    vi.restoreAllMocks();
  });

  /** `typed`: what a person enters, one after another; "" is Enter alone, undefined silence. */
  function codes({
    typed,
    printed,
    terminal = "tty",
    isWindow = false,
    ...more
  }: Partial<MfaCodesOptions> & {
    typed?: (string | undefined)[];
    printed?: (() => string)[];
    terminal?: string;
    isWindow?: boolean;
  } = {}) {
    const clock = { now: () => new Date(10_000 + time * 1000), uptimeSeconds: () => 500 + time };
    return createMfaCodes({
      profile: "prod",
      callingProgram: () => "terraform",
      givenCode: undefined,
      findPrompter: () =>
        typed === undefined
          ? unavailable("there is no terminal")
          : {
              kind: "prompter",
              prompter: {
                terminal: isWindow ? undefined : terminal,
                notify: (text) => void screen.push(text),
                ask: async ({ why, question }) => {
                  screen.push(...(why === undefined ? [] : [why]), question);
                  const text = typed.shift();
                  if (text === undefined) return { kind: "unanswered" };
                  return text === "" ? { kind: "refused" } : { kind: "answer", text };
                },
              },
            },
      computeCode: () => Promise.reject(new Error("no seed is kept")),
      runProcess: async () => printed?.shift()?.() ?? "",
      memory: createMfaMemory(folder, clock),
      now: clock.now,
      pause: async (milliseconds) => void (time += milliseconds / 1000),
      deadline: { remainingMs: () => 55_000 - time * 1000 },
      runtimeDir: undefined,
      ...more,
    });
  }
  const aws =
    (...accepted: string[]) =>
    async (code: string): Promise<string> => {
      sent.push(code);
      if (!accepted.includes(code)) throw new AwsRoleError("ERR_MFA_WRONG_CODE", "wrong");
      return "session";
    };

  it("asks at the terminal, saying who wants it for which profile and device", async () => {
    expect(await codes({ typed: ["123 456 "] }).spend(device, aws("123456"))).toBe("session");
    expect(screen).toEqual([
      "terraform asks for credentials of profile prod",
      `Enter MFA code for ${serial}: `,
    ]);
  });

  it("tries --mfa-code, then mfa_process, then the person", async () => {
    const all = codes({ givenCode: "000001", printed: [() => "000002\n"], typed: ["000003"] });
    expect(await all.spend(withProcess, aws("000003"))).toBe("session");
    expect(sent).toEqual(["000001", "000002", "000003"]);
  });

  it("offers --mfa-code once", async () => {
    const given = codes({ givenCode: "000001" });
    expect(given.hasGivenCode()).toBe(true);
    await given.spend(device, aws("000001"));
    expect(given.hasGivenCode()).toBe(false);
    await expect(given.assertCodeObtainable(device)).rejects.toMatchObject({
      code: "ERR_MFA_NEEDED",
    });
  });

  it("asks again for a wrong code, three times in all", async () => {
    const person = codes({ typed: ["000001", "000002", "000003", "000004"] });
    await expect(person.spend(device, aws())).rejects.toMatchObject({ code: "ERR_MFA_WRONG_CODE" });
    expect(sent).toEqual(["000001", "000002", "000003"]);
  });

  it("does not count what cannot be a code", async () => {
    const person = codes({ typed: ["12345", "abcdef", "1234567", "12345x", "000001"] });
    await person.spend(device, aws("000001"));
    expect(sent).toEqual(["000001"]);
    expect(screen).toContain("an MFA code has six digits");
  });

  it("does not send a used code again, but waits for the next and says so", async () => {
    await codes({ typed: ["000001"] }).spend(device, aws("000001"));
    screen = [];
    time = 5;
    await codes({ typed: ["000001", "000002"] }).spend(device, aws("000002"));
    expect(sent).toEqual(["000001", "000002"]);
    expect(screen).toEqual([
      "terraform asks for credentials of profile prod (the code shown now has been used; the next one comes in 16 s)",
      `Enter MFA code for ${serial}: `,
      "that code was already used; the next one comes in 16 s",
      `Enter MFA code for ${serial}: `,
    ]);
    expect(time).toBe(5 + 15.5);
  });

  it("asks nothing new of a person in the next step", async () => {
    await codes({ typed: ["000001"] }).spend(device, aws("000001"));
    time = 21;
    screen = [];
    await codes({ typed: ["000002"] }).spend(device, aws("000002"));
    expect(screen[0]).toBe("terraform asks for credentials of profile prod");
  });

  it("runs mfa_process again in the next step when its code was used or refused", async () => {
    await codes({ printed: [() => "000001"] }).spend(withProcess, aws("000001"));
    const code = (): string => (time < 20 ? "000001" : "000002");
    await codes({ printed: [code, code] }).spend(withProcess, aws("000002"));
    expect(sent).toEqual(["000001", "000002"]);
    const later = (): string => (time < 50 ? "000003" : "000004");
    await codes({ printed: [later, later, later], deadline: { remainingMs: () => 40_000 } }).spend(
      withProcess,
      aws("000004"),
    );
    expect(sent).toEqual(["000001", "000002", "000003", "000004"]);
  });

  it("gives up when the next step comes too late", async () => {
    await codes({ printed: [() => "000001"] }).spend(withProcess, aws("000001"));
    const unattended = codes({
      printed: [() => "000001"],
      deadline: { remainingMs: () => 18_000 },
    });
    await expect(unattended.spend(withProcess, aws())).rejects.toMatchObject({
      code: "ERR_MFA_WRONG_CODE",
      hint: "try again in 21 s",
    });
  });

  it("keeps no code in its memory", async () => {
    await codes({ typed: ["271828"] }).spend(device, aws("271828"));
    const kept = readdirSync(join(folder, "mfa")).map((name) =>
      readFileSync(join(folder, "mfa", name), "utf8"),
    );
    expect(kept).toHaveLength(1);
    expect(kept[0]).not.toContain("271828");
  });

  it("works without a memory", async () => {
    rmSync(folder, { recursive: true });
    const nowhere = createMfaMemory("/dev/null/nowhere", {
      now: () => new Date(),
      uptimeSeconds: () => 0,
    });
    await codes({ typed: ["000001"], memory: nowhere }).spend(device, aws("000001"));
    expect(sent).toEqual(["000001"]);
  });

  it("fails at once where there is no way, saying why and what to run", async () => {
    await expect(codes().assertCodeObtainable(device)).rejects.toMatchObject({
      code: "ERR_MFA_NEEDED",
      message: `profile prod needs an MFA code (${serial}), but there is no terminal`,
      hint: "run this in a terminal, then try again: awsrole whoami prod",
    });
    await codes().assertCodeObtainable(withProcess);
    await codes({ givenCode: "000001" }).assertCodeObtainable(device);
    await codes({ typed: [] }).assertCodeObtainable(device);
  });

  it.each([
    [
      "prints something else",
      () => "no code here",
      "mfa_process did not print a code of six digits",
    ],
    [
      "fails",
      () => {
        throw new AwsRoleError("ERR_PROCESS_FAILED", "mfa_process x failed (exit code 1)");
      },
      "mfa_process x failed (exit code 1)",
    ],
  ])("tells when mfa_process %s, and still asks a person", async (_, print, message) => {
    await expect(codes({ printed: [print] }).spend(withProcess, aws())).rejects.toMatchObject({
      code: "ERR_MFA_NEEDED",
      message: `profile prod: ${message}`,
    });
    await codes({ printed: [print], typed: ["000001"] }).spend(withProcess, aws("000001"));
    expect(sent).toEqual(["000001"]);
  });

  describe("after a person refused", () => {
    beforeEach(async () => {
      await expect(codes({ typed: [""] }).spend(device, aws())).rejects.toMatchObject({
        code: "ERR_PERSON_REFUSED",
      });
    });

    it("does not raise a window for 30 s", async () => {
      const refused = { code: "ERR_MFA_NEEDED", message: expect.stringMatching(/it was declined/) };
      time = 29;
      await expect(
        codes({ typed: ["1"], isWindow: true }).assertCodeObtainable(device),
      ).rejects.toMatchObject(refused);
      time = 31;
      await codes({ typed: ["1"], isWindow: true }).assertCodeObtainable(device);
    });

    it("does not ask again at that terminal for those who were waiting there", async () => {
      await expect(codes({ typed: ["1"] }).assertCodeObtainable(device)).rejects.toThrow(
        /it was declined/,
      );
      await codes({ typed: ["1"], terminal: "another" }).assertCodeObtainable(device);
    });

    it("asks a new caller at a terminal", async () => {
      time = 29;
      // This process is the caller, started after the refusal.
      vi.spyOn(process, "uptime").mockReturnValue(1);
      await expect(codes({ typed: ["1"] }).assertCodeObtainable(device)).resolves.toBeUndefined();
    });
  });

  it("leaves the call that spends the code three seconds", async () => {
    const limits: number[] = [];
    const prompter = {
      terminal: "tty",
      notify: () => {},
      ask: async ({ timeoutMs }: { timeoutMs: number }) => {
        limits.push(timeoutMs);
        return { kind: "answer" as const, text: "000001" };
      },
    };
    const queue = codes({
      findPrompter: () => ({ kind: "prompter", prompter }),
      deadline: { remainingMs: () => 20_000 },
    });
    await queue.spend(device, aws("000001"));
    expect(limits).toEqual([17_000]);
  });

  it("takes silence for a refusal, but says that it was silence", async () => {
    await expect(codes({ typed: [] }).spend(device, aws())).rejects.toThrow(/was entered in time/);
    await expect(
      codes({ typed: ["1"], isWindow: true }).assertCodeObtainable(device),
    ).rejects.toThrow(/it was declined/);
  });

  it("lets go of a code that never reached AWS", async () => {
    const down = async (): Promise<never> => {
      throw new AwsRoleError("ERR_NETWORK", "no network");
    };
    await expect(codes({ typed: ["000001"] }).spend(device, down)).rejects.toThrow("no network");
    await codes({ typed: ["000001"] }).spend(device, aws("000001"));
    expect(sent).toEqual(["000001"]);
  });
});
