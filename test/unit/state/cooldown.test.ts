import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AwsRoleError } from "../../../src/foundation/errors.ts";
import { type Cooldown, errorCodec, openCooldown } from "../../../src/state/cooldown.ts";
import { expectMode } from "../../support/file-mode.ts";

let state: string;
let uptime: number;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "cooldown-"));
  uptime = 1000;
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const open = (): Cooldown<AwsRoleError> =>
  openCooldown(state, "failures/one.json", errorCodec, { uptimeSeconds: () => uptime });
const failure = new AwsRoleError("ERR_NETWORK", "no route", {
  hint: "look",
  cause: new Error("x"),
});

describe("a cooldown", () => {
  it("counts for 30 s of the machine's uptime, and not after a restart", () => {
    expect(open().recall()).toBeUndefined();
    open().remember(failure);
    uptime += 29;
    expect(open().recall()).toMatchObject({
      secondsAgo: 29,
      value: { code: "ERR_NETWORK", message: "no route", hint: "look" },
    });
    uptime += 1;
    expect(open().recall()).toBeUndefined();
    uptime = 10;
    expect(open().recall()).toBeUndefined();
  });

  it("ends when it is forgotten, and is private", () => {
    open().remember(failure);
    expectMode(join(state, "failures", "one.json"), 0o600);
    expect(readFileSync(join(state, "failures", "one.json"), "utf8")).not.toContain("cause");
    open().forget();
    expect(open().recall()).toBeUndefined();
  });

  it.skipIf(process.platform === "win32")(
    "never throws: what is damaged, of another version, or not ours alone is as good as none (modes of POSIX)",
    () => {
      open().remember(failure);
      const file = join(state, "failures", "one.json");
      const stored = JSON.parse(readFileSync(file, "utf8")) as object;
      for (const other of [
        "",
        "[]",
        { ...stored, code: "ERR_OF_THE_FUTURE" },
        { ...stored, message: 1 },
        { ...stored, uptimeSeconds: "x" },
      ]) {
        writeFileSync(file, typeof other === "string" ? other : JSON.stringify(other));
        expect(open().recall()).toBeUndefined();
      }
      writeFileSync(file, JSON.stringify(stored));
      expect(open().recall()).toBeDefined();
      chmodSync(state, 0o777);
      expect(open().recall()).toBeUndefined();
      open().remember(new AwsRoleError("ERR_NETWORK", "another"));
      chmodSync(state, 0o700);
      expect(open().recall()?.value.message).toBe("no route");
      rmSync(state, { recursive: true });
      writeFileSync(state, "no directory");
      open().remember(failure);
      open().forget();
      expect(open().recall()).toBeUndefined();
    },
  );
});
