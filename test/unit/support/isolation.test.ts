/** The tests themselves: none reaches the browser, the keyring, the home or the settings of the machine that they run on. */
import { spawnSync } from "node:child_process";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createStubs } from "../../support/isolation.ts";
import { createHome, type Home } from "../../support/run-awsrole.ts";

let home: Home;
beforeEach(() => {
  home = createHome();
});
afterEach(() => home.remove());

describe("the process that runs the tests", () => {
  it("has a home of its own, and no variable that leads to the user's session or AWS settings", () => {
    const { HOME, DISPLAY, DBUS_SESSION_BUS_ADDRESS, SSH_AUTH_SOCK, BROWSER } = process.env;
    if (process.env["AWSROLE_TEST_KEYCHAIN"] !== "own") expect(HOME).not.toBe(userInfo().homedir);
    expect({ DISPLAY, DBUS_SESSION_BUS_ADDRESS, SSH_AUTH_SOCK, BROWSER }).toEqual({});
    for (const name of ["LOCALAPPDATA", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"])
      expect(process.env[name]).toContain("awsrole-tests-");
    const settings = Object.keys(process.env).filter((name) => name.startsWith("AWS_"));
    // One that some tests set themselves, against a warning of the SDK.
    expect(settings.filter((name) => !name.startsWith("AWS_SDK_JS_"))).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")(
  "a browser or password dialogue (on Windows they are not found through PATH)",
  () => {
    it.each(["xdg-open", "chromium", "firefox", "x-www-browser", "pinentry", "open"])(
      "%s is a stand-in, for a test's own process and for what it starts",
      (name) => {
        for (const env of [process.env, home.env]) {
          const { stdout } = spawnSync("sh", ["-c", `command -v ${name}`], {
            env,
            encoding: "utf8",
          });
          expect(stdout).toMatch(/\/awsrole-tests-\w+\/stubs\//);
        }
      },
    );

    it("that is started all the same fails and is written down", () => {
      const stubs = createStubs(join(home.path, "stubs"));
      expect(stubs.started()).toEqual([]);
      const { status } = spawnSync(join(stubs.folder, "xdg-open"), ["https://example.com"]);
      expect({ status, started: stubs.started() }).toEqual({
        status: 97,
        started: ["xdg-open https://example.com"],
      });
    });
  },
);
