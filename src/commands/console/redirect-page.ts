/**
 * Handing a browser an address where command lines are public and the system does not show who follows it: a page that only we may read
 * leads there, and the browser is given the path of the page. As Jupyter does it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AwsRoleError } from "../../foundation/errors.ts";
import { runtimeFolder } from "../../state/runtime-dir.ts";

export type RedirectPage = {
  /** An absolute path ending in .html. */
  readonly path: string;
  /** Deletes page and folder. Never throws. */
  remove(): void;
};

/**
 * Writes a page of mode 0600, in a new folder of mode 0700, that leads to `url`; the address in it is good for one visit while awsrole
 * waits, and no secret of AWS's. @throws ERR_CONFIG_WRITE when there is no private place for it.
 */
export function writeRedirectPage(
  url: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): RedirectPage {
  const folder = runtimeFolder(env, platform);
  try {
    if (folder === undefined) throw new Error("no runtime folder");
    const path = join(mkdtempSync(join(folder, "console-")), "console.html");
    writeFileSync(path, pageTo(url), { mode: 0o600, flag: "wx" });
    return {
      path,
      remove: () => {
        try {
          rmSync(dirname(path), { recursive: true, force: true });
        } catch {
          // The address in it is spent or closed by then.
        }
      },
    };
  } catch (cause) {
    throw new AwsRoleError(
      "ERR_CONFIG_WRITE",
      "console: no private folder for the page that the browser opens",
      { hint: "use --print and open the URL yourself; awsrole doctor shows why", cause },
    );
  }
}

/** `url` is our own: no character in it needs escaping in HTML. */
function pageTo(url: string): string {
  return [
    "<!doctype html>",
    '<meta charset="utf-8">',
    '<meta name="referrer" content="no-referrer">',
    `<meta http-equiv="refresh" content="0; url=${url}">`,
    "<title>awsrole</title>",
    `<a href="${url}">Open the AWS console</a>`,
    "",
  ].join("\n");
}
