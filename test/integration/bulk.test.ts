/** Commands for many at once: keys out of the credentials file, keys that are due, sessions ahead. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { storeKeyIn } from "../support/store-key.ts";

let aws: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  aws = await startAwsDouble();
  const eve = aws.addUser({ name: "Eve" });
  home = createRoleHome(aws);
  const sections = [
    `[eve]\naws_access_key_id = ${eve.accessKeyId}\naws_secret_access_key = ${eve.secretAccessKey}\n`,
    "[gone]\naws_access_key_id = AKIAGONEGONEGONEGONE\naws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY1\n",
    "[session]\naws_access_key_id = ASIASESSIONSESSION00\naws_secret_access_key = x\naws_session_token = t\n",
  ];
  writeFileSync(
    home.credentialsFile,
    `${readFileSync(home.credentialsFile, "utf8")}${sections.join("")}`,
  );
  env = {
    ...home.env,
    AWS_ENDPOINT_URL_IAM: aws.url,
    ...storeKeyIn(home.path),
    AWSROLE_STORE: "file",
  };
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const run = (words: string): Promise<Finished> => runAwsrole(words.split(" "), { env });
const credentials = (): string => readFileSync(home.credentialsFile, "utf8");

describe("in bulk", () => {
  it("moves every key that AWS knows, leaves sessions and what failed where they are, and rotates those that are due", async () => {
    const moved = await run("add-key --all --from-credentials-file");
    expect(moved.code).toBe(1);
    expect(
      moved.stdout.match(/^Stored access key .* in the file store; profile \w+ now uses it$/gm),
    ).toEqual([
      expect.stringContaining("profile bob now"),
      expect.stringContaining("profile eve now"),
    ]);
    expect(moved.stderr).toMatch(
      /^awsrole: the key of gone stays in the credentials file: .*InvalidClientTokenId/m,
    );
    expect(credentials()).toMatch(/^\[gone\]\n(?:.*\n){2}\[session\]\n(?:.*\n){3}$/);

    for (const { user, createdAt } of aws.iam.keysById.values())
      if (user.name === "Eve") createdAt.setTime(Date.now() - 100 * 24 * 3600 * 1000);
    const rotated = await run("rotate-key --older-than 90d");
    expect(rotated.stderr).not.toMatch(/^awsrole: (?:bob|eve)/m);
    expect(rotated).toMatchObject({ code: 0 });
    expect(rotated.stdout).toMatch(/^bob keeps the key AKIAIOSFODNN7EXAMPLE: it is 0 days old$/m);
    expect(rotated.stdout).toMatch(/^eve has the key AKIA\w+; the old one, AKIA\w+, is inactive$/m);
    expect(aws.callsOf("CreateAccessKey")).toHaveLength(1);
  });

  it("fetches every session ahead, and names those that failed", async () => {
    const config = readFileSync(home.configFile, "utf8");
    const role = (name: string): string =>
      `[profile ${name}]\nrole_arn = arn:aws:iam::123456789012:role/${name}\nsource_profile = bob\n`;
    for (const name of ["r1", "r2", "r3"])
      aws.addRole({ arn: `arn:aws:iam::123456789012:role/${name}` });
    const roles = ["r1", "r2", "r3", "refused"].map(role).join("");
    writeFileSync(
      home.configFile,
      `${config}\n${roles}[profile region-only]\nregion = eu-west-1\n`,
    );
    const warmed = await run("warm --all");
    expect(warmed.code).toBe(1);
    expect(aws.callsOf("AssumeRole").filter(({ status }) => status === 200)).toHaveLength(4);
    expect(warmed.stderr).toMatch(/refused/);
    expect(warmed.stdout + warmed.stderr).not.toMatch(/region-only|session/);
  });

  it.each([
    ["add-key --all", "--all goes with --from-credentials-file alone"],
    ["add-key bob --all --from-credentials-file", "--all goes with --from-credentials-file alone"],
    ["rotate-key", "NAME is missing"],
    ["rotate-key --older-than soon", 'invalid value "soon" for --older-than'],
    ["rotate-key --older-than 90d --finish", "--older-than cannot be combined with --finish"],
    ["warm", "warm: specify one or more profiles, or --all"],
    ["warm prod --all", "warm: specify one or more profiles, or --all"],
  ])("refuses %s", async (words, message) => {
    expect(await run(words)).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining(message),
    });
    expect(aws.requests).toEqual([]);
  });
});
