import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { type ProcessToRun, runProcess } from "../../../src/foundation/run-process.ts";

const run = (script: string, more: Partial<ProcessToRun> = {}): ReturnType<typeof runProcess> =>
  runProcess({
    words: [process.execPath, "-e", script],
    what: "a test",
    env: process.env,
    platform: process.platform,
    timeoutMs: 20_000,
    mostCharacters: 100,
    ...more,
  });

describe("another program whose output is an answer", () => {
  it("gives what it prints on standard output, and how it ended", async () => {
    expect(await run("console.log('answer'); console.error('secret'); process.exit(3)")).toEqual({
      kind: "exited",
      output: "answer\n",
      code: 3,
      signal: null,
    });
  });

  it("gives the beginning of its standard error to a caller that knows it", async () => {
    const script = "process.stderr.write('reason'.repeat(100_000), () => process.exit(1))";
    expect(await run(script, { mostErrorCharacters: 9 })).toEqual({
      kind: "exited",
      output: "",
      errorOutput: "reasonrea",
      code: 1,
      signal: null,
    });
  });

  it("is given its input, and none where there is none", async () => {
    const echo = "process.stdin.pipe(process.stdout)";
    expect(await run(echo, { input: "question" })).toMatchObject({ output: "question" });
    expect(await run(echo)).toMatchObject({ output: "" });
  });

  it("may end without reading its input", async () => {
    expect(await run("process.exit(0)", { input: "x".repeat(1_000_000) })).toMatchObject({
      code: 0,
    });
  });

  it("that is no program has not started, whether that is an event or thrown", async () => {
    for (const program of ["/no/such/program", `${process.execPath}/below-a-file`, "nul\0"])
      expect(await run("", { words: [program] })).toMatchObject({ kind: "not started" });
  });

  // Time enough for node to start on a busy machine.
  it.concurrent.each([
    ["the time is up", "timed out", () => ({ timeoutMs: 5000 })],
    ["the caller aborts", "aborted", () => ({ signal: AbortSignal.timeout(5000) })],
    ["it prints too much", "too much output", () => ({ mostCharacters: 3 })],
  ])("is killed when %s, also where it ignores SIGTERM", async (_when, kind, limit) => {
    const file = join(mkdtempSync(join(tmpdir(), "awsrole-run-")), "pid");
    const terminal = openSync(file, "w+");
    const script = `process.on("SIGTERM", () => {}); console.error(process.pid); console.log("too much"); setInterval(() => {}, 1000)`;
    const limits = { mostCharacters: 100, ...limit() };
    expect(await run(script, { terminal, ...limits })).toEqual({ kind });
    closeSync(terminal);
    const pid = Number(readFileSync(file, "utf8"));
    rmSync(dirname(file), { recursive: true });
    expect(pid).toBeGreaterThan(0);
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
  });

  it("is not started when the caller has aborted before", async () => {
    expect(await run("", { signal: AbortSignal.abort() })).toEqual({ kind: "aborted" });
  });

  it("keeps us waiting for a child of its own only as long as it may linger", async () => {
    // The child inherits standard output, and holds it open.
    const script = `console.log("answer"); require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 8000)"], { stdio: ["ignore", "inherit", "ignore"], detached: true }).unref()`;
    const startedAt = performance.now();
    expect(await run(script, { lingerMs: 100 })).toMatchObject({ output: "answer\n", code: 0 });
    expect(performance.now() - startedAt).toBeLessThan(7000);
  });
});
