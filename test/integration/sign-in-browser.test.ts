/** The browser half of a sign-in: a real Chromium, another page that knows all but `state`, and another user of the machine. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { chromium, noChromium } from "../support/chromium.ts";
import { titled } from "../support/installed.ts";
import { commandAs, noOtherUser, users } from "../support/other-user.ts";
import { createSsoHome, type SsoHome } from "../support/sso-home.ts";

let aws: AwsDouble;
let home: SsoHome;
beforeEach(async () => {
  aws = await startAwsDouble();
  home = createSsoHome(aws);
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

/** `awsrole login corp`, with a browser that does this with the address in `$1`. */
function login(browser: string) {
  const file = join(home.path, "xdg-open");
  writeFileSync(file, `#!/bin/sh\n${browser}\n`);
  chmodSync(file, 0o755);
  return home.run(["login", "corp"], {
    env: {
      BROWSER: file,
      PATH: `${home.path}:${process.env["PATH"]}`,
      DISPLAY: ":0",
      XDG_DATA_DIRS: join(home.path, "no-applications"),
      XDG_DATA_HOME: join(home.path, "no-applications"),
    },
  });
}
const output = (name: string): string =>
  existsSync(join(home.path, name)) ? readFileSync(join(home.path, name), "utf8") : "";
/** The address that the browser came back with. */
const answerOf = (): URL => {
  const [authorize, token] = [aws.callsOf("Authorize"), aws.callsOf("CreateToken")];
  const url = new URL(String(authorize.at(-1)?.input["redirect_uri"]));
  url.searchParams.set("state", String(authorize.at(-1)?.input["state"]));
  url.searchParams.set("code", String(token.at(-1)?.input["code"]));
  return url;
};

/** A page that has the whole address of the sign-in and tries what a page can; `STATE` is in place of the right one, which it cannot know. */
const attacks = `
const url = new URL(process.argv[2]);
const callback = url.searchParams.get("redirect_uri");
const state = url.searchParams.get("state");
const { port, origin } = new URL(callback);
const tries = [
  ["GET", callback + "?code=evil&state=wrong"],
  ["GET", callback + "?error=access_denied&state=wrong"],
  ["GET", callback + "?code=evil"],
  ["GET", callback + "?code=evil&state=" + state.slice(0, -1)],
  ["POST", callback + "?code=evil&state=" + state],
  ["GET", origin + "/oauth/other?code=evil&state=" + state],
  ["GET", "http://localhost:" + port + "/oauth/callback?code=evil&state=" + state],
];
const page = "<!doctype html><p id=done></p><script>Promise.all(" + JSON.stringify(tries) +
  ".map(([method, url]) => fetch(url, { method, mode: 'no-cors' }).then(() => 'answered', (error) => 'failed ' + error)))" +
  ".then((all) => { done.textContent = all.join(' '); });</script>";
require("node:fs").writeFileSync(process.argv[3], page);
`;

describe.skipIf(noChromium !== undefined)(titled("in a real Chromium", noChromium), () => {
  it("signs in; a page that attacks the callback before is answered 404, a replay after it finds no port", async () => {
    const run = (name: string, address: string) =>
      `${chromium.commandLine(join(home.path, "chromium"))} ${address} > ${home.path}/${name} 2> ${home.path}/${name}.err`;
    writeFileSync(join(home.path, "attacks.cjs"), attacks);
    const finished = await login(
      `${process.execPath} ${home.path}/attacks.cjs "$1" ${home.path}/attack.html\n${run("attack", `file://${home.path}/attack.html`)}\n${run("dom", '"$1"')}`,
    );
    expect(output("attack")).toMatch(/<p id="done">answered( answered){5,6}/);
    expect(finished).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
    expect(aws.callsOf("Authorize")).toHaveLength(1);
    expect(aws.callsOf("Authorize")[0]?.userAgent).toMatch(/Chrome/);
    expect(aws.callsOf("CreateToken")).toHaveLength(1);
    expect(answerOf().searchParams.get("code")).not.toBe("evil");
    await vi.waitFor(() => expect(output("dom")).toContain("You are signed in"), 20_000);
    await expect(fetch(answerOf())).rejects.toThrow("fetch failed");
    expect(await home.run(["whoami", "reader"])).toMatchObject({ code: 0 });
  });
});

describe.skipIf(noOtherUser !== undefined)(
  titled("another user of the machine", noOtherUser),
  () => {
    it("who knows even the state is answered 404, and the sign-in goes on", async () => {
      const visit = `fetch(process.argv[1]).then(async (r) => console.log(r.status, await r.text()))`;
      const steal = `const u = new URL(process.argv[1]); const c = new URL(u.searchParams.get("redirect_uri")); c.searchParams.set("code", "evil"); c.searchParams.set("state", u.searchParams.get("state")); fetch(c).then((r) => console.log(r.status))`;
      const thief = commandAs(users.thief, [process.execPath, "-e"]).join(" ");
      const finished = await login(
        `cd /\n${thief} '${steal}' "$1" > ${home.path}/thief 2>&1\n${process.execPath} -e '${visit}' "$1" > ${home.path}/visit 2>&1`,
      );
      expect(output("thief")).toBe("404\n");
      expect(finished).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
      expect(answerOf().searchParams.get("code")).not.toBe("evil");
      expect(aws.callsOf("CreateToken")).toHaveLength(1);
    });
  },
);
