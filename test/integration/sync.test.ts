/** `sync` against the double of IAM Identity Center: what is written, kept, renamed and removed. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { missing, titled } from "../support/installed.ts";
import { type Finished, notNode } from "../support/run-awsrole.ts";
import { createSsoHome, type SsoHome } from "../support/sso-home.ts";

let aws: AwsDouble;
let home: SsoHome;
let config: string;

const session = `[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
`;

beforeAll(async () => {
  aws = await startAwsDouble();
});
afterAll(() => aws.close());
beforeEach(() => {
  home = createSsoHome(aws, session);
  config = join(home.path, ".aws/config");
  for (const accountId of aws.identityCenter.accounts.keys())
    aws.identityCenter.removeAccount(accountId);
  aws.identityCenter.addAccount({
    accountId: "111111111111",
    accountName: "Acme Prod (EU)",
    roleNames: ["Admin", "Read_Only"],
  });
  aws.identityCenter.addAccount({
    accountId: "222222222222",
    accountName: "Acme Dev",
    roleNames: ["Admin"],
  });
  home.signIn();
});
afterEach(async () => {
  aws.behave({});
  await home.remove();
});

const text = (): string => readFileSync(config, "utf8");
const sync = (...words: string[]): Promise<Finished> => home.run(["sync", ...words]);
const names = (): string[] =>
  [...text().matchAll(/^\[profile (.*)\]$/gm)].map(([, name = ""]) => name);
/** Without the program's path, which differs from machine to machine. */
const normalized = (): string =>
  text().replaceAll(
    /^credential_process = .*? credential-process/gm,
    "credential_process = awsrole credential-process",
  );

const faults = fileURLToPath(new URL("../support/file-faults.cjs", import.meta.url));
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const faultAt = (fault: "kill" | "full", at = 0): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--require ${faults}`,
  TEST_FAULT: fault,
  TEST_FAULT_AT: String(at),
  TEST_FAULT_FOLDERS: [".aws", "state"].map((folder) => join(home.path, folder)).join(":"),
});

describe("sync", () => {
  it("writes a profile for every role, and nothing the second time", async () => {
    const first = await sync();
    expect(first.code).toBe(0);
    expect(first.stdout).toContain("3 roles: 3 added\n");
    expect(normalized()).toBe(`${session}
[profile acme-dev-admin]
credential_process = awsrole credential-process --profile acme-dev-admin
region = eu-west-1
awsrole_sso_session = corp
awsrole_sso_account_id = 222222222222
awsrole_sso_account_name = Acme Dev
awsrole_sso_role_name = Admin
awsrole_synced_from = corp

[profile acme-prod-eu-admin]
credential_process = awsrole credential-process --profile acme-prod-eu-admin
region = eu-west-1
awsrole_sso_session = corp
awsrole_sso_account_id = 111111111111
awsrole_sso_account_name = Acme Prod (EU)
awsrole_sso_role_name = Admin
awsrole_synced_from = corp

[profile acme-prod-eu-read_only]
credential_process = awsrole credential-process --profile acme-prod-eu-read_only
region = eu-west-1
awsrole_sso_session = corp
awsrole_sso_account_id = 111111111111
awsrole_sso_account_name = Acme Prod (EU)
awsrole_sso_role_name = Read_Only
awsrole_synced_from = corp
`);
    const before = { text: text(), at: statSync(config).mtimeMs };
    const second = await sync("corp");
    expect(second).toMatchObject({ code: 0, stdout: "nothing to change\n" });
    expect({ text: text(), at: statSync(config).mtimeMs }).toEqual(before);
    const credentials = await home.run(["credential-process", "--profile", "acme-dev-admin"]);
    expect(JSON.parse(credentials.stdout)).toMatchObject({ AccountId: "222222222222" });
  });

  it("is one change that undo reverts, and shows it before with --dry-run", async () => {
    const dry = await sync("--dry-run");
    expect(dry.stdout).toContain("+[profile acme-dev-admin]");
    expect(text()).toBe(session);
    await sync();
    const undone = await home.run(["undo"]);
    expect(undone.code).toBe(0);
    expect(text()).toBe(session);
  });

  it("keeps a renamed account's profile and what was added to it, until --rename re-applies the template", async () => {
    await sync();
    writeFileSync(
      config,
      text().replace(
        "[profile acme-dev-admin]\n",
        "# mine\n[profile acme-dev-admin]\noutput = json\n",
      ) +
        "\n[profile chained]\nrole_arn = arn:aws:iam::333333333333:role/x\nsource_profile = acme-dev-admin\n",
    );
    aws.identityCenter.addAccount({
      accountId: "222222222222",
      accountName: "Sandbox",
      roleNames: ["Admin"],
    });
    expect((await sync()).stdout).toContain("3 roles: 1 updated\n");
    expect(names()).toContain("acme-dev-admin");
    expect(text()).toContain("# mine\n[profile acme-dev-admin]\noutput = json\n");
    expect(text()).toContain("awsrole_sso_account_name = Sandbox\n");
    expect((await sync("--rename")).stdout).toContain("3 roles: 1 renamed\n");
    expect(text()).toContain("# mine\n[profile sandbox-admin]\noutput = json\n");
    expect(text()).toContain("credential-process --profile sandbox-admin\n");
    expect(text()).toContain("source_profile = sandbox-admin\n");
  });

  it("swaps with --rename the profiles of accounts that swapped names, and each keeps its cached session", async () => {
    await sync();
    const whoami = async (profile: string): Promise<string> => {
      const { stdout } = await home.run(["whoami", profile, "--json", "--store", "plaintext"]);
      return (JSON.parse(stdout) as { account: string }).account;
    };
    expect(await whoami("acme-dev-admin")).toBe("222222222222");
    expect(await whoami("acme-prod-eu-admin")).toBe("111111111111");
    const accounts = { "111111111111": "Acme Dev", "222222222222": "Acme Prod (EU)" };
    for (const [accountId, accountName] of Object.entries(accounts))
      aws.identityCenter.addAccount({ accountId, accountName, roleNames: ["Admin"] });
    expect((await sync("--rename")).stdout).toContain("2 renamed");
    const before = aws.requests.filter(({ action }) => action === "GetRoleCredentials").length;
    expect(await whoami("acme-dev-admin")).toBe("111111111111");
    expect(await whoami("acme-prod-eu-admin")).toBe("222222222222");
    expect(aws.requests.filter(({ action }) => action === "GetRoleCredentials")).toHaveLength(
      before,
    );
  });

  it("removes with --prune what it wrote and what is gone, never another profile", async () => {
    await sync();
    writeFileSync(
      config,
      `${text()}\n[profile own]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Admin\n`,
    );
    aws.identityCenter.removeAccount("222222222222");
    const warned = await sync();
    expect(warned.stderr).toContain("awsrole sync --prune removes it");
    expect(names()).toContain("acme-dev-admin");
    expect((await sync("--prune")).stdout).toContain("2 roles: 1 removed\n");
    expect(names()).toEqual(["acme-prod-eu-admin", "acme-prod-eu-read_only", "own"]);
  });

  it("asks before it removes most of them: without a terminal only --yes does", async () => {
    await sync();
    aws.identityCenter.removeAccount("111111111111");
    const refused = await sync("--prune");
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toBe(
      "awsrole: 2 of 3 profiles would be removed: you no longer have access to their roles\n" +
        "awsrole: hint: check with --dry-run, then repeat with --yes\n",
    );
    expect(names()).toHaveLength(3);
    expect((await sync("--prune", "--yes")).code).toBe(0);
    expect(names()).toEqual(["acme-dev-admin"]);
  });

  it("keeps the profiles of an account that answers with an error, writes the others, and exits with 1", async () => {
    await sync();
    aws.identityCenter.addAccount({
      accountId: "333333333333",
      accountName: "New",
      roleNames: ["Admin"],
    });
    aws.identityCenter.addAccount({
      accountId: "111111111111",
      accountName: "Acme Prod (EU)",
      roleNames: [],
      refusesListing: true,
    });
    const finished = await sync("--prune");
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain(
      "account 111111111111 could not be listed, its profiles stay as they are",
    );
    expect(names()).toEqual([
      "acme-dev-admin",
      "acme-prod-eu-admin",
      "acme-prod-eu-read_only",
      "new-admin",
    ]);
  });

  it("does not take what a filter leaves out for gone", async () => {
    await sync();
    aws.identityCenter.removeAccount("222222222222");
    expect((await sync("--filter", "*prod*", "--prune")).stdout).toBe("nothing to change\n");
    expect((await sync("--filter", "role=Admin", "--prune")).stdout).toBe("nothing to change\n");
    expect(names()).toHaveLength(3);
  });

  it("refuses two roles of one name, and a name that another profile has, with a template that helps", async () => {
    aws.identityCenter.addAccount({
      accountId: "444444444444",
      accountName: "ACME dev",
      roleNames: ["Admin"],
    });
    const two = await sync();
    expect(two).toMatchObject({ code: 1, stdout: "" });
    expect(two.stderr).toContain(
      "two roles would be profile acme-dev-admin: Admin in account 222222222222 and Admin in account 444444444444",
    );
    expect(two.stderr).toContain("--template '{account-name}-{account-id}-{role}'");
    expect((await sync("--template", "{account-name}-{account-id}-{role}")).code).toBe(0);
    expect(names()).toContain("acme-dev-444444444444-admin");
    writeFileSync(config, `${session}[profile acme-dev-222222222222-admin]\nregion = x\n`);
    const taken = await sync("--template", "{account-name}-{account-id}-{role}");
    expect(taken.stderr).toContain("another profile acme-dev-222222222222-admin already exists");
  });

  it("writes plain profiles with --native, and turns its own from one form into the other", async () => {
    await sync("--native");
    expect(text()).not.toContain("credential_process");
    expect(text()).toContain(
      "[profile acme-dev-admin]\nsso_session = corp\nregion = eu-west-1\nsso_account_id = 222222222222\nawsrole_sso_account_name = Acme Dev\nsso_role_name = Admin\nawsrole_synced_from = corp\n",
    );
    expect((await sync("--native")).stdout).toBe("nothing to change\n");
    expect((await sync()).stdout).toContain("3 updated");
    expect(text()).not.toMatch(/^sso_account_id/m);
    expect(
      JSON.parse((await home.run(["credential-process", "--profile", "acme-dev-admin"])).stdout),
    ).toHaveProperty("AccessKeyId");
  });

  it.each([
    [["--template", "{name}"], 2, "unknown field {name}"],
    [["--template", "all"], 2, "it has no field"],
    [["--template", "{role"], 2, "unbalanced brace"],
    [["--filter", "owner=x"], 2, 'sync: invalid value "owner=x" for --filter'],
    [["nope"], 1, "there is no [sso-session nope] section"],
    [["--from", "/nope.json"], 1, "it does not exist"],
  ])("refuses %j with exit code %i: %s", async (words, code, message) => {
    const finished = await sync(...words);
    expect(finished).toMatchObject({ code, stdout: "" });
    expect(finished.stderr).toContain(message);
    expect(text()).toBe(session);
  });

  it("needs a sign-in, and names the command for it", async () => {
    aws.identityCenter.endSessions();
    const finished = await sync();
    expect(finished).toMatchObject({ code: 3, stdout: "" });
    expect(finished.stderr).toContain("the sign-in to sso-session corp has expired");
  });

  it("reads sessions, names and role chains from a team's file, the same bytes for everyone", async () => {
    const file = join(home.path, "team.json");
    const team = {
      sessions: [
        { name: "corp", startUrl: "https://example.awsapps.com/start", region: "eu-west-1" },
      ],
      template: "{account-name}.{role}",
      filters: ["role=Admin"],
      assume: [{ from: "Admin", role: "deploy/Pipeline", accounts: ["*prod*"] }],
    };
    writeFileSync(file, JSON.stringify(team));
    writeFileSync(config, "");
    expect((await sync("--from", file)).code).toBe(0);
    expect(names()).toEqual(["acme-dev-admin", "acme-prod-eu-admin", "acme-prod-eu-pipeline"]);
    expect(text()).toContain(
      "awsrole_role_arn = arn:aws:iam::111111111111:role/deploy/Pipeline\nawsrole_source_profile = acme-prod-eu-admin\n",
    );
    const first = normalized();
    expect((await sync("--from", file)).stdout).toBe("nothing to change\n");
    await sync("--filter", "role=Admin", "--template", "{account-name}.{role}", "--prune");
    expect(normalized()).toBe(first);
    writeFileSync(config, "");
    await sync("--from", file);
    expect(normalized()).toBe(first);
    for (const [change, message] of [
      [{ credential_process: "/bin/sh" }, "unknown key credential_process"],
      [{ sessions: [{ ...team.sessions[0], command: "x" }] }, "unknown key sessions[0].command"],
      [{ sessions: [] }, "sessions is empty"],
      [{ filters: "x" }, "filters is not a list"],
      [
        { filters: ["role=Admin", "owner=x"] },
        'filters[1]: sync: invalid value "owner=x" for --filter',
      ],
      [{ template: "all" }, "template: all: it has no field"],
      [{ sessions: [{ ...team.sessions[0], name: "a b" }] }, 'sessions[0].name: the name "a b"'],
      [
        { sessions: [{ ...team.sessions[0], region: "x y" }] },
        "sessions[0].region is not a region",
      ],
      [{ sessions: [{ ...team.sessions[0], startUrl: "acme" }] }, "sessions[0].startUrl: acme is"],
      [
        { sessions: [team.sessions[0], team.sessions[0]] },
        "sessions[1].name: there are two sessions corp",
      ],
      [{ assume: [{ from: "Admin", role: "a b" }] }, "assume[0].role is neither"],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...team, ...change }));
      const finished = await sync("--from", file);
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toContain(`${file}: ${message}`);
    }
    expect(normalized()).toBe(first);
  });

  it("leads from a team's file to the first sign-in on a new machine, and repeats itself in its hints", async () => {
    const file = join(home.path, "team.json");
    const corp = {
      name: "corp",
      startUrl: "https://example.awsapps.com/start",
      region: "eu-west-1",
    };
    writeFileSync(file, JSON.stringify({ sessions: [corp] }));
    writeFileSync(config, "");
    rmSync(home.tokenFile);
    const dry = await sync("--from", file, "--dry-run");
    expect(dry).toMatchObject({ code: 3, stdout: "" });
    expect(text()).toBe("");
    const first = await sync("--from", file);
    expect(first).toMatchObject({ code: 3, stdout: "" });
    expect(first.stderr).toContain(`run: awsrole login corp, then: awsrole sync --from ${file}\n`);
    expect(text()).toContain(
      "[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\n",
    );
    expect((await home.run(["login", "corp", "--no-input"])).stderr).toContain(
      "signing in is interactive",
    );
    home.signIn();
    expect((await sync("--from", file)).stdout).toContain("3 added");
    aws.identityCenter.removeAccount("222222222222");
    aws.identityCenter.addAccount({
      accountId: "111111111111",
      accountName: "Renamed",
      roleNames: ["Admin", "Read_Only"],
    });
    await sync("--from", file);
    const last = await sync("--from", file);
    expect(last.stdout).toBe("nothing to change\n");
    expect(last.stderr).toContain(`awsrole sync --from ${file} --prune removes it`);
    expect(last.stderr).toContain(`awsrole sync --from ${file} --rename renames them`);
  });

  const noBotocore = missing("python3", ["-c", "import botocore"]);
  it.skipIf(noBotocore !== undefined)(
    titled("writes names that botocore reads", noBotocore),
    async () => {
      await sync();
      const script = "import botocore.session as s; print(*sorted(s.Session().available_profiles))";
      const found = execFileSync("python3", ["-c", script], {
        env: { ...process.env, ...home.env },
        encoding: "utf8",
      });
      expect(found.trim().split(" ")).toEqual([
        "acme-dev-admin",
        "acme-prod-eu-admin",
        "acme-prod-eu-read_only",
      ]);
    },
  );

  it("writes profiles that the JavaScript SDK's loader reads", async () => {
    await sync("--native");
    const sdk = createRequire(import.meta.url).resolve("@aws-sdk/credential-providers");
    const { loadSharedConfigFiles } = createRequire(sdk)("@smithy/core/config") as {
      loadSharedConfigFiles: (files: object) => Promise<{ configFile: Record<string, object> }>;
    };
    const { configFile } = await loadSharedConfigFiles({
      configFilepath: config,
      filepath: "/nonexistent",
    });
    expect(configFile["acme-prod-eu-read_only"]).toMatchObject({
      sso_session: "corp",
      sso_account_id: "111111111111",
      sso_role_name: "Read_Only",
      region: "eu-west-1",
    });
    expect(Object.keys(configFile)).toHaveLength(4);
  });

  it.skipIf(notNode !== undefined)(
    titled(
      "killed before a change to the disk leaves the old file or the new one, and the next run completes it",
      notNode,
    ),
    { timeout: 600_000 },
    async () => {
      await sync();
      const whole = text();
      let kills = 0;
      for (let at = 1; ; at += isLong ? 1 : 3) {
        writeFileSync(config, session);
        const killed = await home.run(["sync"], { env: { ...home.env, ...faultAt("kill", at) } });
        expect([session, whole]).toContain(text());
        if (killed.signal === null) break;
        kills += 1;
        expect((await sync()).code).toBe(0);
        expect(text()).toBe(whole);
      }
      expect(kills).toBeGreaterThan(isLong ? 9 : 3);
    },
  );

  it.skipIf(notNode !== undefined)(
    titled("on a full disk leaves the old file and nothing beside it, and says so", notNode),
    async () => {
      const there = readdirSync(join(home.path, ".aws"));
      const full = await home.run(["sync"], { env: { ...home.env, ...faultAt("full") } });
      expect({ code: full.code, stdout: full.stdout }).toEqual({ code: 1, stdout: "" });
      expect(full.stderr).toContain("config could not be written: the disk is full");
      expect(text()).toBe(session);
      expect(readdirSync(join(home.path, ".aws"))).toEqual(there);
    },
  );

  it("waits where AWS throttles, and lists everything all the same", async () => {
    for (let index = 0; index < 30; index += 1)
      aws.identityCenter.addAccount({
        accountId: String(500_000_000_000 + index),
        accountName: `many ${index}`,
        roleNames: ["Reader"],
      });
    aws.behave({ perSecond: 10, only: ["ListAccountRoles"] });
    expect((await sync()).code).toBe(0);
    expect(names()).toHaveLength(33);
  });
});
