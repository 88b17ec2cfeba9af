/**
 * The browser that `console --browser` starts, with a browser profile or container of its own for each awsrole profile, so that several consoles are
 * open side by side. On its command line is only what `index.ts` allows there.
 */
import { join } from "node:path";
import { AwsRoleError } from "../../foundation/errors.ts";
import { makePrivateFolder } from "../../foundation/private-dir.ts";

/** What `open` is given. */
export type BrowserLaunch = {
  readonly target: string;
  readonly app?: {
    readonly name: string | readonly string[];
    readonly arguments: readonly string[];
  };
};

type Kind = "chromium" | "firefox" | "firefox-container" | "other";

const known: Readonly<Record<string, Kind>> = {
  chrome: "chromium",
  chromium: "chromium",
  brave: "chromium",
  edge: "chromium",
  firefox: "firefox",
  "firefox-container": "firefox-container",
};

/** The names that `--browser` takes beside the path of a program. */
export const browserNames: readonly string[] = Object.keys(known);

/** @throws ERR_USAGE for a browser that is neither known nor a path. */
export function assertBrowser(browser: string | undefined): void {
  if (browser === undefined || kindOf(browser) !== undefined) return;
  throw new AwsRoleError("ERR_USAGE", `console: invalid value "${browser}" for --browser`, {
    hint: `choose from ${browserNames.join(", ")}, or give the path of a program`,
  });
}

/** True when the address itself has to be on the command line, where a page that leads to it would not do. */
export function needsAddress(browser: string | undefined): boolean {
  return browser !== undefined && kindOf(browser) === "firefox-container";
}

/**
 * How to open `target` for the awsrole profile. `apps` are the platform's names, of the package `open`. Browser profiles of Firefox lie below `stateDir`.
 */
export function browserLaunch(
  browser: string,
  profile: string,
  target: string,
  {
    stateDir,
    apps,
  }: { stateDir: string; apps: Readonly<Record<string, string | readonly string[]>> },
): BrowserLaunch {
  const name = isPath(browser) ? browser : nameOf(browser, apps);
  const directory = `awsrole-${profile.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`;
  switch (kindOf(browser)) {
    case "chromium":
      return {
        target,
        app: { name, arguments: [`--profile-directory=${directory}`, "--no-first-run"] },
      };
    case "firefox": {
      const path = join(stateDir, "browsers", directory);
      makePrivateFolder(path);
      return { target, app: { name, arguments: ["--profile", path] } };
    }
    case "firefox-container": {
      const words = new URLSearchParams({ name: profile, url: target });
      return { target: `ext+granted-containers:${words.toString()}`, app: { name, arguments: [] } };
    }
    case "other":
    case undefined:
      return { target, app: { name, arguments: [] } };
  }
}

function kindOf(browser: string): Kind | undefined {
  if (Object.hasOwn(known, browser)) return known[browser];
  if (!isPath(browser)) return undefined;
  const program = browser.split(/[\\/]/).at(-1) ?? "";
  if (/firefox|librewolf|waterfox/i.test(program)) return "firefox";
  return /chrom|brave|edge|vivaldi|opera/i.test(program) ? "chromium" : "other";
}

function isPath(browser: string): boolean {
  return /[\\/]/.test(browser);
}

function nameOf(
  browser: string,
  apps: Readonly<Record<string, string | readonly string[]>>,
): string | readonly string[] {
  if (browser === "chromium") return ["chromium", "chromium-browser"];
  return apps[browser.replace("-container", "")] ?? browser;
}
