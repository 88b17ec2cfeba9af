/**
 * Keeps the tests away from the machine they run on: its browser, its keyring and agents, its home, its AWS files and variables.
 *
 * - The process that runs the suite, and with it every worker and all their children, gets a home of its own, and none of the
 *   variables by which a program finds the user's session.
 * - Programs that would put something in front of the user (browsers and what opens them, password dialogues) are shadowed on PATH by
 *   stand-ins that open nothing, write down that they were started, and fail. A test that wants one puts its own before them.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** What would open a window. `xdg-mime` and `xdg-settings` only answer, so they are not written down: see `quiet`. */
const openers =
  "xdg-open xdg-email gio gvfs-open gnome-open kde-open kde-open5 kfmclient exo-open mate-open open wslview sensible-browser x-www-browser www-browser " +
  "chromium chromium-browser google-chrome google-chrome-stable firefox firefox-esr epiphany konqueror brave-browser microsoft-edge lynx links links2 elinks w3m " +
  "pinentry pinentry-curses pinentry-tty pinentry-gnome3 pinentry-gtk-2 pinentry-qt pinentry-x11 pinentry-mac ssh-askpass zenity kdialog osascript";
const quiet = "xdg-mime xdg-settings gsettings";

/** Variables that lead to the user's session, agents, or AWS settings. */
const leadsToUser =
  /^(?:AWS_|AWSROLE_(?!TEST_|PROGRAM$|REPORT_FOLDER$|SOAK_CALLS$)|XDG_|DBUS_|DISPLAY$|WAYLAND_DISPLAY$|SSH_(?:AUTH_SOCK|ASKPASS|TTY|CLIENT|CONNECTION)$|GPG_|GNUPGHOME$|PASSWORD_STORE_|GNOME_KEYRING_|BROWSER$)/;

export type Stubs = {
  /** Comes first on PATH. On Windows, where what opens a browser is not found through PATH, it has no stand-ins. */
  readonly folder: string;
  /** The command lines of the stand-ins that were started. */
  started(): readonly string[];
};

/** Writes the stand-ins into `folder`, which is made. */
export function createStubs(folder: string): Stubs {
  const record = join(folder, "started");
  mkdirSync(folder);
  if (process.platform !== "win32") {
    const write = (name: string, script: string) => {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    };
    for (const name of openers.split(" "))
      write(name, `printf '%s\\n' "${name} $*" >> '${record}'\nexit 97`);
    for (const name of quiet.split(" ")) write(name, "exit 1");
  }
  // Commands that tests run, which Windows does not have.
  else {
    writeFileSync(join(folder, "true.cmd"), "@exit /b 0\r\n");
    writeFileSync(join(folder, "false.cmd"), "@exit /b 1\r\n");
  }
  return {
    folder,
    started: () => (existsSync(record) ? readFileSync(record, "utf8").trimEnd().split("\n") : []),
  };
}

/** The variables of a user whose home is `home`: all that a program might keep something under lies in there. */
export function homeVariables(home: string): NodeJS.ProcessEnv {
  return {
    HOME: home,
    USERPROFILE: home,
    // Windows' own, and on the others what awsrole is named by: both lead to the same folder, so that a test finds it by either.
    LOCALAPPDATA: join(home, "state"),
    APPDATA: join(home, "roaming"),
    XDG_STATE_HOME: join(home, "state"),
    // No applications: xdg-open would look for a browser there before it obeys BROWSER.
    XDG_DATA_DIRS: join(home, "no-applications"),
    XDG_CONFIG_DIRS: join(home, "no-settings"),
  };
}

/**
 * Isolates this process, and what it starts from now on. Answers what undoes the folders; that throws when a stand-in was started.
 */
export function isolateProcess(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-tests-"));
  const home = join(folder, "home");
  const runtime = join(home, "run");
  for (const path of [home, runtime]) mkdirSync(path, { mode: 0o700 });
  const stubs = createStubs(join(folder, "stubs"));
  const { env } = process;
  for (const name of Object.keys(env)) if (leadsToUser.test(name)) delete env[name];
  keepCaches();
  // The contract of a store on this machine's own keychain (AWSROLE_TEST_KEYCHAIN=own): macOS finds it through HOME.
  const isOwnKeychain = env["AWSROLE_TEST_KEYCHAIN"] === "own" && process.platform === "darwin";
  const HOME = isOwnKeychain ? homedir() : home;
  Object.assign(env, homeVariables(home), { HOME, XDG_RUNTIME_DIR: runtime });
  env["PATH"] = [stubs.folder, env["PATH"] ?? ""].join(delimiter);
  return () => {
    const started = stubs.started();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    if (started.length > 0)
      throw new Error(
        `a test would have opened something on this machine's own screen:\n${started.join("\n")}`,
      );
  };
}

/** Tools that tests use (python, go, npm) keep finding what is installed and what was downloaded, though HOME is another. */
function keepCaches(): void {
  const { env } = process;
  const home = homedir();
  for (const [name, path] of [
    ["PYENV_ROOT", ".pyenv"],
    ["PYTHONUSERBASE", ".local"],
    ["GOPATH", "go"],
    ["GOCACHE", ".cache/go-build"],
    ["CARGO_HOME", ".cargo"],
    ["npm_config_cache", ".npm"],
    ["npm_config_userconfig", ".npmrc"],
  ] as const)
    if (env[name] === undefined && existsSync(join(home, path))) env[name] = join(home, path);
}
