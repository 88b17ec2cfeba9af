import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  credentialsFromProcess,
  parseCredentialProcessOutput,
} from "../../../../src/credentials/sources/process.ts";
import { deadlineFromNow } from "../../../../src/foundation/deadline.ts";

const answer = (more: object): string =>
  JSON.stringify({ Version: 1, AccessKeyId: "AKIA1", SecretAccessKey: "s", ...more });

describe("the answer of a credential_process", () => {
  it.each([
    ["2099-01-31T12:00:00Z", "2099-01-31T12:00:00.000Z"],
    ["2099-01-31T12:00:00.5Z", "2099-01-31T12:00:00.500Z"],
    ["2099-01-31T12:00:00+02:00", "2099-01-31T10:00:00.000Z"],
    ["2099-01-31 12:00:00+0000", "2099-01-31T12:00:00.000Z"],
  ])("ends at an instant: %s", (Expiration, expected) => {
    expect(parseCredentialProcessOutput(answer({ Expiration }))?.expiresAt?.toISOString()).toBe(
      expected,
    );
  });

  it.each([
    "2099-01-31T12:00:00",
    "2099-01-31",
    "",
    "soon",
    4_070_908_800,
    {},
    "2099-13-01T00:00:00Z",
  ])("is none where its end is %j: it could be any time, or none", (Expiration) => {
    expect(parseCredentialProcessOutput(answer({ Expiration }))).toBeUndefined();
  });

  it.each([{}, { Expiration: null }])("has no end where %j says none", (more) => {
    expect(parseCredentialProcessOutput(answer(more))).toEqual({
      accessKeyId: "AKIA1",
      secretAccessKey: "s",
    });
  });

  const folder = mkdtempSync(join(tmpdir(), "awsrole-answer-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const printer = join(folder, "print.cjs");
  const run = (printed: string, accountId?: string) => {
    writeFileSync(printer, `process.stdout.write(${JSON.stringify(printed)})`);
    return credentialsFromProcess({
      profileName: "p",
      command: `"${process.execPath}" "${printer}"`,
      platform: process.platform,
      env: process.env,
      inFlight: ["p"],
      deadline: deadlineFromNow(20_000),
      now: () => new Date("2026-01-01T00:00:00Z"),
      accountId,
    });
  };

  it("is refused when its credentials have ended, with their end", async () => {
    await expect(run(answer({ Expiration: "2026-01-01T00:00:00Z" }))).rejects.toThrow(
      "profile p: credential_process returned no credentials: it returned credentials that expired at 2026-01-01T00:00:00Z",
    );
    expect(await run(answer({ Expiration: "2026-01-01T00:00:01Z" }))).toMatchObject({
      accessKeyId: "AKIA1",
    });
  });

  it("is of the profile's account where it names none", async () => {
    expect(await run(answer({}), "210987654321")).toMatchObject({ accountId: "210987654321" });
    expect(await run(answer({ AccountId: "123456789012" }), "210987654321")).toMatchObject({
      accountId: "123456789012",
    });
  });
});

describe("the reason of a credential_process that fails", () => {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-reason-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  /** A program of this name, which prints `text` on standard error and fails. */
  const program = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\nprintf '%b' '${text}' >&2\nexit 1\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const ask = (command: string) =>
    credentialsFromProcess({
      profileName: "p",
      command,
      platform: process.platform,
      env: process.env,
      inFlight: ["p"],
      deadline: deadlineFromNow(20_000),
      now: () => new Date(),
    });
  const own = "awsrole: profile nobody not found\\nawsrole: hint: run awsrole list\\n";
  const line = "credential-process --profile nobody";

  it.skipIf(process.platform === "win32").each([
    [own, "profile nobody not found", "run awsrole list"],
    [
      "(node:1) Warning: old\\nawsrole: locked\\r\\nawsrole: hint: unlock it\\r\\n",
      "locked",
      "unlock it",
    ],
    ["awsrole: no hint\\n", "no hint", "run the command yourself"],
  ])("is awsrole's own where the line runs awsrole: %s", async (text, reason, hint) => {
    const file = program("awsrole", text);
    await expect(ask(`${file} ${line}`)).rejects.toMatchObject({
      code: "ERR_PROCESS_FAILED",
      message: `profile p: credential_process returned no credentials: ${reason}`,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it.skipIf(process.platform === "win32").each([
    ["another program", "helper", line],
    ["a shell that runs it", "awsrole-wrapper", line],
    ["another command of awsrole", "awsrole", "whoami nobody"],
  ])("is none that %s prints: it could hold a secret", async (_who, name, words) => {
    const file = program(name, own);
    await expect(ask(`${file} ${words}`)).rejects.toMatchObject({
      message: "profile p: credential_process returned no credentials: it failed (exit code 1)",
    });
  });
});
