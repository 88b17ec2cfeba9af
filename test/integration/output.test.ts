/** What reaches stdout is whole, or the exit code says so: slow readers, full pipes, limits, full disks, readers that go. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { createHome, type Home, program, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

/** Runs `script` in a shell where `"$@"` is awsrole. */
const inShell = (script: string, env: NodeJS.ProcessEnv): ReturnType<typeof runCommand> =>
  runCommand(["bash", "-c", script, "bash", ...program], { env });

const noBash = missing("bash", ["-c", "exit 0"]);
const noFull = missing("test", ["-c", "/dev/full"]);
const noPython = missing("python3", ["--version"]);

describe.skipIf(noBash !== undefined)(titled("what people's commands print", noBash), () => {
  let home: Home;
  let whole: string;

  beforeAll(async () => {
    const profiles = Array.from(
      { length: 4000 },
      (_, n) =>
        `[profile p${n}]\nrole_arn = arn:aws:iam::123456789012:role/r${n}\nsource_profile = b\n`,
    );
    home = createHome({ config: profiles.join("") });
    await inShell(`"$@" list --json > "$HOME/whole"`, home.env);
    whole = readFileSync(join(home.path, "whole"), "utf8");
    expect(Buffer.byteLength(whole)).toBeGreaterThan(500_000);
  });
  afterAll(() => home.remove());

  it("reaches a reader that sleeps first, byte for byte", async () => {
    const script = `"$@" list --json | (sleep 1; cat); exit "\${PIPESTATUS[0]}"`;
    const { code, stdout } = await inShell(script, home.env);
    expect({ code, length: stdout.length, isWhole: stdout === whole }).toEqual({
      code: 0,
      length: whole.length,
      isWhole: true,
    });
  });

  it("reaches a socket that is read slowly, as node's children have for stdout", async () => {
    const [file = "", ...words] = program;
    const child = spawn(file, [...words, "list", "--json"], {
      env: home.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await pause(1000);
    expect((await text(child.stdout)) === whole).toBe(true);
    expect(await ended).toBe(0);
  });

  it.skipIf(noPython !== undefined)(
    titled("waits for a reader where the pipe does not block", noPython),
    async () => {
      const reader = `import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, os.O_WRONLY | os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[1:] + ["list", "--json"], stdout=w)
os.close(w)
time.sleep(1)
while block := os.read(r, 65536): sys.stdout.buffer.write(block)
sys.exit(child.wait())`;
      const { code, stdout } = await runCommand(["python3", "-c", reader, ...program], {
        env: home.env,
      });
      expect({ code, isWhole: stdout === whole }).toEqual({ code: 0, isWhole: true });
    },
  );

  it("that ends at a limit is a failure with the reason", async () => {
    const script = `ulimit -f 1; "$@" list --json > "$HOME/limited"`;
    const { code, stderr } = await inShell(script, home.env);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "awsrole: the output cannot be written (EFBIG)\n",
    });
  });

  it.skipIf(noFull !== undefined)(
    titled("that ends on a full disk is a failure with the reason, errors as JSON too", noFull),
    async () => {
      for (const [words, said] of [
        ["list", ""],
        ["list --json", ""],
        ["whoami nope --json", "awsrole: profile nope not found\n"],
        ["--help", ""],
      ] as const) {
        const { code, stderr } = await inShell(`"$@" ${words} > /dev/full`, home.env);
        expect(code, words).toBe(1);
        expect(stderr, words).toContain(said);
        expect(stderr, words).toContain("awsrole: the output cannot be written (ENOSPC)\n");
      }
    },
  );

  it("that its reader does not want is no message, but no success either", async () => {
    const script = `"$@" list --json | head -c 10 > /dev/null; exit "\${PIPESTATUS[0]}"`;
    const { code, stderr } = await inShell(script, home.env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  });
});

const noKeychain = keychainSkipReason();

describe.skipIf((noKeychain ?? noBash) !== undefined)(
  titled("what credential-process prints, from the cache and fetched", noKeychain ?? noBash),
  () => {
    let keychain: KeychainDaemon;
    let sts: AwsDouble;
    let home: Home;
    let env: NodeJS.ProcessEnv;
    const line = `"$@" credential-process --profile prod`;

    beforeAll(async () => {
      keychain = await startKeychainDaemon();
      sts = await startAwsDouble();
      home = createRoleHome(sts);
      const address = keychain.env["DBUS_SESSION_BUS_ADDRESS"];
      env = { ...home.env, DBUS_SESSION_BUS_ADDRESS: address };
      expect((await inShell(line, env)).code).toBe(0);
    });
    afterAll(async () => {
      await keychain?.stop();
      await sts?.close();
      await home?.remove();
    });

    for (const [how, more] of [
      ["from the cache", ""],
      ["fetched", " --force-refresh"],
    ] as const) {
      it(`that ends at a limit is a failure, and nothing is written twice: ${how}`, async () => {
        const file = join(home.path, "limited");
        writeFileSync(file, "x".repeat(700), { mode: 0o600 });
        const limited = await inShell(`ulimit -f 1; ${line}${more} >> "$HOME/limited"`, env);
        expect({ code: limited.code, stderr: limited.stderr }).toEqual({
          code: 1,
          stderr: "awsrole: the output cannot be written (EFBIG)\n",
        });
        const written = readFileSync(file, "utf8").slice(700);
        expect(written).toMatch(/^\{"Version":1,"AccessKeyId":/);
        expect(written.lastIndexOf(`{"Version"`)).toBe(0);
      });

      it.skipIf(noFull !== undefined)(
        titled(`that ends on a full disk is a failure: ${how}`, noFull),
        async () => {
          const full = await inShell(`${line}${more} > /dev/full`, env);
          expect({ code: full.code, stderr: full.stderr }).toEqual({
            code: 1,
            stderr: "awsrole: the output cannot be written (ENOSPC)\n",
          });
        },
      );

      it(`that nobody reads is no success: ${how}`, async () => {
        const script = `${line}${more} | true; exit "\${PIPESTATUS[0]}"`;
        const { code, stderr } = await inShell(script, env);
        expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
      });

      it.skipIf(noPython !== undefined)(
        titled(`waits for a full pipe that does not block: ${how}`, noPython),
        async () => {
          const script = `import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, os.O_WRONLY | os.O_NONBLOCK)
filled = 0
try:
    while True: filled += os.write(w, b"x" * 256)
except BlockingIOError: pass
child = subprocess.Popen(sys.argv[1:], stdout=w)
os.close(w)
time.sleep(2)
data = b""
while block := os.read(r, 65536): data += block
sys.stdout.buffer.write(data[filled:])
sys.exit(child.wait())`;
          const words = ["credential-process", "--profile", "prod", ...more.trim().split(" ")];
          const { code, stdout } = await runCommand(
            ["python3", "-c", script, ...program, ...words.filter(Boolean)],
            { env },
          );
          expect(code).toBe(0);
          expect(stdout.endsWith("}\n")).toBe(true);
          expect(JSON.parse(stdout)).toMatchObject({ Version: 1 });
        },
      );
    }
  },
);
