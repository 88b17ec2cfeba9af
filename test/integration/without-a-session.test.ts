/** Cron, systemd, `su` and an old tmux: an environment without the login session's variables, or with those of one that has ended. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createHome, type Home, program, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";

const noKeychain = keychainSkipReason();
const runtime = `/run/user/${process.getuid?.()}`;
/** In a mount namespace of its own: other tests run at the same time, and must not find a bus there. */
const noMount =
  process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0
    ? undefined
    : `${runtime} cannot be made for one process alone`;

describe.skipIf(noKeychain !== undefined)(
  titled("without a session's variables", noKeychain),
  () => {
    let keychain: KeychainDaemon;
    let sts: AwsDouble;
    let home: Home;
    /** What cron gives, and the way to the double. */
    let cron: NodeJS.ProcessEnv;
    beforeAll(async () => {
      keychain = await startKeychainDaemon();
      sts = await startAwsDouble();
    });
    afterAll(async () => {
      await sts?.close();
      await keychain?.stop();
    });
    beforeEach(async () => {
      home = createHome();
      const { PATH, HOME, USERPROFILE, XDG_STATE_HOME } = home.env;
      cron = { PATH, HOME, USERPROFILE, XDG_STATE_HOME, AWS_ENDPOINT_URL: sts.url };
      const session = { ...cron, XDG_RUNTIME_DIR: keychain.env["XDG_RUNTIME_DIR"] };
      const key = `${sts.bob.accessKeyId}\n${sts.bob.secretAccessKey}\n`;
      const added = await runAwsrole(["add-key", "bob"], {
        env: { ...session, AWS_REGION: "eu-west-1" },
        stdin: key,
      });
      expect(added).toMatchObject({ code: 0 });
      const role = `add-profile prod --source-profile bob --region eu-west-1 --role-arn ${sts.role.arn}`;
      expect(await runAwsrole(role.split(" "), { env: session })).toMatchObject({ code: 0 });
    });
    afterEach(() => home.remove());
    const deliver = (more: NodeJS.ProcessEnv = {}) =>
      runAwsrole(["credential-process", "--profile", "prod", "--force-refresh"], {
        env: { ...cron, ...more },
      });
    const delivered = { code: 0, stderr: "" };

    it("the bus in XDG_RUNTIME_DIR is found, also behind the address of a session that has ended", async () => {
      const { XDG_RUNTIME_DIR } = keychain.env;
      expect(await deliver({ XDG_RUNTIME_DIR })).toMatchObject(delivered);
      const DBUS_SESSION_BUS_ADDRESS = "unix:path=/tmp/dbus-of-an-old-session";
      expect(await deliver({ XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS })).toMatchObject(delivered);
    });

    it.skipIf(noMount !== undefined)(
      titled("the bus in /run/user is found where no variable names one", noMount),
      async () => {
        const bus = join(keychain.env["XDG_RUNTIME_DIR"] ?? "", "bus");
        const script = `mount -t tmpfs none /run && mkdir -p -m 700 ${runtime} && ln -s "$0" ${runtime}/bus && exec "$@"`;
        const words = ["credential-process", "--profile", "prod", "--force-refresh"];
        for (const more of [{}, { XDG_RUNTIME_DIR: home.path }]) {
          const found = await runCommand(
            ["unshare", "-m", "sh", "-c", script, bus, ...program, ...words],
            { env: { ...cron, ...more } },
          );
          expect(found).toMatchObject(delivered);
        }
      },
    );

    it.skipIf(existsSync(`${runtime}/bus`))(
      "a key says what helps, which another store for sessions is not, and doctor calls it an error",
      async () => {
        for (const AWSROLE_STORE of ["", "none"]) {
          const { code, stdout, stderr } = await deliver({ AWSROLE_STORE });
          expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
          expect(stderr).toContain("profile bob: its key");
          expect(stderr).toMatch(
            /hint: set XDG_RUNTIME_DIR=\/run\/user\/UID.*awsrole store move file/,
          );
          expect(stderr).not.toContain("AWSROLE_STORE=none to disable caching");
          const found = await runAwsrole(["doctor", "prod", "--json"], {
            env: { ...cron, AWSROLE_STORE },
          });
          const { findings } = JSON.parse(found.stdout) as { findings: object[] };
          expect(found.code).toBe(1);
          expect(findings).toContainEqual(
            expect.objectContaining({ id: "key-unreachable", severity: "error", profile: "bob" }),
          );
        }
        const { XDG_RUNTIME_DIR } = keychain.env;
        const well = await runAwsrole(["doctor", "prod"], { env: { ...cron, XDG_RUNTIME_DIR } });
        expect(well.code).toBe(0);
      },
    );
  },
);

describe.skipIf(noKeychain !== undefined)(
  titled("a keychain without a keyring", noKeychain),
  () => {
    it("is named as that, by people's commands and by doctor", async () => {
      const keychain = await startKeychainDaemon({ provider: "no-keyring" });
      const sts = await startAwsDouble();
      const home = createHome({
        config: `[profile prod]\nrole_arn = ${sts.role.arn}\nsource_profile = bob\nregion = eu-west-1\n`,
        credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
      });
      try {
        const { DBUS_SESSION_BUS_ADDRESS } = keychain.env;
        const env = { ...home.env, DBUS_SESSION_BUS_ADDRESS, AWS_ENDPOINT_URL: sts.url };
        const { code, stderr } = await runAwsrole(["whoami", "prod"], { env });
        expect(code).toBe(0);
        expect(stderr).toContain("the keychain has no default keyring");
        const { stdout } = await runAwsrole(["doctor", "--json"], { env });
        expect(JSON.parse(stdout)).toMatchObject({
          findings: expect.arrayContaining([
            expect.objectContaining({
              id: "store-unusable",
              what: "the keychain has no default keyring",
            }),
          ]) as unknown,
        });
      } finally {
        await home.remove();
        await sts.close();
        await keychain.stop();
      }
    });
  },
);
