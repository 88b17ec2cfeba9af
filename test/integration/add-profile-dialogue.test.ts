/** `add-profile` at a terminal: what it asks, what it writes, and that leaving it changes nothing. */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHome, type Home, program } from "../support/run-awsrole.ts";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { storeKeyIn } from "../support/store-key.ts";
import { noTerminal, openTerminal, type Terminal } from "../support/terminal.ts";

const account = "arn:aws:iam::123456789012";

/** A browser that follows where it is led. */
function withBrowser(folder: string): NodeJS.ProcessEnv {
  const file = join(folder, "browser");
  const visit = "fetch(process.argv[1]).then((answer) => answer.text())";
  writeFileSync(file, `#!/bin/sh\n${process.execPath} -e '${visit}' "$1"\n`);
  chmodSync(file, 0o755);
  return { BROWSER: file, XDG_DATA_DIRS: join(folder, "no-applications") };
}

describe.skipIf(noTerminal !== undefined)(
  `add-profile at a terminal${noTerminal === undefined ? "" : ` (skipped: ${noTerminal})`}`,
  () => {
    let sts: AwsDouble;
    let home: Home;
    let terminal: Terminal;
    beforeEach(async () => {
      sts = await startAwsDouble();
      sts.addRole({
        arn: `${account}:role/team/deployer`,
        requireMfa: true,
        maxSessionDuration: 7200,
      });
      sts.addRole({ arn: `${account}:role/aws-service-role/support.amazonaws.com/ForSupport` });
      home = createHome({
        credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
      });
      terminal = openTerminal({
        ...home.env,
        AWS_ENDPOINT_URL_STS: sts.url,
        AWS_ENDPOINT_URL_IAM: sts.url,
        AWS_DEFAULT_REGION: "eu-west-1",
        AWS_ENDPOINT_URL_SSO: sts.url,
        AWS_ENDPOINT_URL_SSO_OIDC: sts.url,
        AWSROLE_STORE: "file",
        ...storeKeyIn(home.path),
        ...withBrowser(home.path),
      });
    });
    afterEach(async () => {
      terminal.close();
      await home.remove();
      await sts.close();
    });
    let runs = 0;
    const run = (...words: string[]): void => {
      runs += 1;
      terminal.enter(
        `clear; ${[...program, "add-profile", ...words].join(" ")}; echo "end ${runs} code $?"`,
      );
    };
    /** Waits for the end of this run, and not of the one before, whose screen may still be there. */
    const ended = async (code: number): Promise<string> => {
      await terminal.waitFor(new RegExp(`end ${runs} code ${code}\\b`));
      return terminal.screen();
    };
    /** Waits for the question, then answers: a text to type, or Enter alone. */
    const answer = async (question: RegExp, typed = "", shown = question): Promise<void> => {
      await terminal.waitFor(new RegExp(`[◆▲]  ${question.source}`));
      if (typed === "") return terminal.press("Enter");
      terminal.type(typed);
      await terminal.waitFor(shown);
      terminal.press("Enter");
    };
    const config = (): string => readFileSync(home.configFile, "utf8");

    it("asks for the source, the role, the device, the session; writes what was shown; verifies it", async () => {
      run();
      await answer(/Source of the credentials/);
      await terminal.waitFor(/Role to assume/);
      expect(terminal.screen()).toContain("example-role");
      expect(terminal.screen()).not.toContain("ForSupport");
      await answer(/Role to assume/, "deploy", /Search: deploy/);
      // The role's own name is the suggestion.
      await terminal.waitFor(/Profile name\n│  deployer/);
      await answer(/Profile name/, "prod");
      // The role's trust policy speaks of MFA: its user's device is the suggestion.
      await answer(/MFA device/);
      await answer(/Role session name/, "release");
      await answer(/Session duration \(15 min to 2 h; /, "3h");
      await terminal.waitFor(/last 2 h at most/);
      for (let digit = 0; digit < 2; digit += 1) terminal.press("BSpace");
      await answer(/Session duration/, "30m");
      await answer(/Default region/, "eu-west-9");
      await terminal.waitFor(/Add it to ~\/\.aws\/config\?/);
      expect(existsSync(home.configFile)).toBe(false);
      terminal.press("Enter");
      await terminal.waitFor(/MFA code for \S+:/);
      terminal.enter(sts.currentCode(sts.bob));
      expect(await ended(0)).toMatch(
        /verified: you are arn:aws:sts::123456789012:assumed-role\/deployer\/release until /,
      );
      expect(config()).toBe(
        [
          "[profile prod]",
          `credential_process = ${program.join(" ")} credential-process --profile prod`,
          "region = eu-west-9",
          `awsrole_role_arn = ${account}:role/team/deployer`,
          "awsrole_source_profile = bob",
          "awsrole_role_session_name = release",
          "awsrole_duration_seconds = 1800",
          `awsrole_mfa_serial = ${sts.bob.mfaSerial}`,
          "",
        ].join("\n"),
      );
    });

    it("leaves everything as it was when it is left, at every question", async () => {
      const questions = [
        /Source of the credentials/,
        /Role to assume/,
        /Profile name/,
        /MFA device/,
        /Role session name/,
        /Session duration/,
        /Default region/,
        /Add it to/,
      ];
      for (const [index, last] of questions.entries()) {
        run();
        for (const question of questions.slice(0, index)) await answer(question);
        await terminal.waitFor(new RegExp(`[◆▲]  ${last.source}`));
        terminal.press("C-c");
        expect(await ended(130)).toMatch(/interrupted: nothing was changed/);
        expect(readdirSync(join(home.path, ".aws"))).toEqual(["credentials"]);
      }
      run("prod", "--role-arn", `${account}:role/example-role`);
      for (const question of questions.slice(0, 7))
        if (question !== questions[1] && question !== questions[2]) await answer(question);
      await terminal.waitFor(/Add it to/);
      terminal.press("Up");
      terminal.press("Enter");
      expect(await ended(1)).toMatch(/nothing was changed/);
      expect(readdirSync(join(home.path, ".aws"))).toEqual(["credentials"]);
    });

    it("takes a typed ARN where roles cannot be listed, and says why; a profile that fails stays, and it says so", async () => {
      sts.behave({ only: ["ListRoles", "ListMFADevices", "AssumeRole"], deny: "no \u001B[31mway" });
      run("prod", "--source-profile", "bob");
      await answer(/Role ARN/, "nonsense");
      await terminal.waitFor(/an ARN looks like/);
      for (let letter = 0; letter < 8; letter += 1) terminal.press("BSpace");
      await answer(/Role ARN/, `${account}:role/example-role`);
      expect(terminal.screen()).toMatch(/bob cannot list roles: .*no \\u\{1b\}\[31mway/);
      await answer(/MFA device/);
      await answer(/Role session name/);
      await answer(/Session duration \(15 min to 12 h; /);
      await answer(/Default region/);
      await answer(/Add it to/);
      expect(await ended(1)).toMatch(
        /the\s+profile\s+was\s+created,\s+but\s+does\s+not\s+work\s+yet:[^]*no/,
      );
      expect(terminal.screen()).toMatch(/awsrole\s+undo/);
      expect(config()).toContain("[profile prod]\n");
    });

    it("takes a new access key, or a sign-in, as the source and asks on", async () => {
      sts.identityCenter.addAccount({
        accountId: "123456789012",
        accountName: "Acme",
        roleNames: ["Reader"],
      });
      const session = `[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n`;
      writeFileSync(home.configFile, session, { mode: 0o600 });
      run();
      await terminal.waitFor(/◆ {2}What is the profile for\?/);
      terminal.press("Down");
      terminal.press("Enter");
      await answer(/Source of the credentials/, "sign in", /Search: sign in/);
      // Signed in by the browser and synced: the profiles are among the sources now.
      await terminal.waitFor(
        /signed in to corp[^]*1 role: 1 added[^]*◆ {2}Source of[^]*acme-reader/,
      );
      await answer(/Source of/, "new access", /Search: new access/);
      await answer(/Profile name for the access key/, "carol");
      await terminal.waitFor(/Access key ID: *$/);
      terminal.enter(sts.bob.accessKeyId);
      await terminal.waitFor(/Secret access key \(not shown\): *$/);
      terminal.enter(sts.bob.secretAccessKey);
      await terminal.waitFor(/profile carol now uses it/);
      await answer(/Role to assume/);
      await answer(/Profile name/, "prod");
      for (const question of [/MFA device/, /Role session name/, /Session duration/])
        await answer(question);
      await answer(/Default region/);
      await answer(/Add it to/);
      await terminal.waitFor(/MFA code for \S+: *$/);
      terminal.enter(sts.currentCode(sts.bob));
      expect(await ended(0)).toMatch(/verified: you are /);
      expect(config()).toMatch(/\[profile prod\][^[]*awsrole_source_profile = carol\n/);
      expect(config()).toContain(`awsrole_access_key_id = ${sts.bob.accessKeyId}\n`);
      expect(terminal.screen()).not.toContain(sts.bob.secretAccessKey);
    });

    it("asks for nothing when all is said, or when nobody may be asked", async () => {
      const all = ["--role-arn", `${account}:role/example-role`, "--source-profile", "bob"];
      run("one", ...all, "--verify");
      expect(await ended(0)).toMatch(/verified: you are /);
      const names = /missing NAME, --role-arn ARN, the role's source \(--source-profile NAME/;
      for (const words of [["--no-input"], ["--json"], ["< /dev/null"], ["| cat"]]) {
        run(...words);
        // Of a pipe the shell gives the code of the last command.
        expect(await ended(words[0] === "| cat" ? 0 : 2)).toMatch(names);
      }
    });
  },
);
