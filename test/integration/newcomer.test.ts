/** The path of a person who has an IAM user's key and a role, and has never seen awsrole: typed in a terminal, following what it says. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createDocsWorld } from "../support/docs-world.ts";
import { missing, titled } from "../support/installed.ts";
import { startAwsDouble } from "../support/aws-double.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

it.skipIf(noTerminal !== undefined)(
  titled(
    "awsrole, add-profile, the AWS CLI, whoami, logout: each line leads to the next",
    noTerminal,
  ),
  async () => {
    const sts = await startAwsDouble();
    const home = createDocsWorld(sts, { withProd: false });
    rmSync(home.configFile);
    const { PATH } = process.env;
    const realCli = missing("aws") === undefined;
    if (realCli) rmSync(join(home.path, "bin", "aws"));
    const terminal = openTerminal({ ...home.env, PATH: `${join(home.path, "bin")}:${PATH}` });
    try {
      terminal.enter("awsrole");
      const [, first = ""] = await terminal.waitFor(/^ {2}(awsrole add-profile) /m);
      terminal.enter(`clear; ${first}`);
      for (const question of [/Source of the credentials/, /Role to assume/]) {
        await terminal.waitFor(new RegExp(`◆  ${question.source}`));
        terminal.press("Enter");
      }
      await terminal.waitFor(/◆  Profile name/);
      terminal.enter("prod");
      for (const question of [
        /MFA device/,
        /Role session name/,
        /Session duration/,
        /Default region/,
        /Add it to /,
      ]) {
        await terminal.waitFor(new RegExp(`◆  ${question.source}`));
        terminal.press("Enter");
      }
      await terminal.waitFor(/verified: you are (arn:\S+:assumed-role\/example-role\/\S+) until/);
      const before = sts.callsOf("AssumeRole").length;
      terminal.enter("clear; aws sts get-caller-identity --profile prod && echo do''ne");
      await terminal.waitFor(/^done$/m);
      if (realCli) expect(terminal.screen()).toContain("assumed-role/example-role/");
      terminal.enter("clear; awsrole whoami prod");
      await terminal.waitFor(/^Profile +prod <- bob$/m);
      expect(sts.callsOf("AssumeRole")).toHaveLength(before);
      terminal.enter("clear; awsrole list");
      await terminal.waitFor(/^prod +managed role .*in \d+ min +file$/m);
      // Typed by hand: the shell itself asked, and not the terminal that it runs in.
      terminal.enter("clear; AWSROLE_LOG=on awsrole env prod > /dev/null; awsrole log");
      await terminal.waitFor(/^\d\d:\d\d +prod +hit .* sh$/m);
      terminal.enter("clear; awsrole logout prod");
      await terminal.waitFor(/^deleted 1 cached session of prod$/m);
    } finally {
      terminal.close();
      await home.remove();
      await sts.close();
    }
  },
);
