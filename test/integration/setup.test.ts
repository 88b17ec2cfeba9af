/** `setup` against the double: every machine with node can run these. `setup-moto.test.ts` shows the same with another IAM than ours. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it as base } from "vitest";
import { type Home, program, runAwsrole } from "../support/run-awsrole.ts";
import { type Output, runInProcess } from "../support/run-in-process.ts";
import { createSetupHome, isMutating, setupWords, textOfHome } from "../support/setup-home.ts";
import type { Behaviour } from "../support/aws-double/behaviour.ts";
import { titled } from "../support/installed.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const account = "arn:aws:iam::123456789012";
/** One of them is for all, but where there is time. */
const some = (...actions: readonly string[]): readonly string[] =>
  process.env["AWSROLE_TEST_LONG"] !== undefined ? actions : actions.slice(0, 1);
const addProfileWords = (name: string, source: string, { sts }: Account): string[] =>
  `add-profile ${name} --source-profile ${source} --role-arn ${sts.role.arn} --command ${program.at(-1)}`.split(
    " ",
  );

/** An account of its own for every test: they run side by side, because waiting for AWS is most of what they do. */
type Account = {
  readonly sts: AwsDouble;
  readonly home: Home;
  setup(words?: string): Promise<Output>;
  configText(): string;
  /** The calls so far that changed something. */
  mutating(): string[];
  made(): Readonly<{
    user: ReturnType<AwsDouble["iam"]["usersByArn"]["get"]>;
    role: ReturnType<AwsDouble["iam"]["rolesByArn"]["get"]>;
    policy: ReturnType<AwsDouble["iam"]["policiesByArn"]["get"]>;
    keys: { readonly accessKeyId: string; readonly secretAccessKey: string }[];
  }>;
  expectComplete(): Promise<void>;
  expectNothingLeft(): void;
};

const it = base.extend<{ readonly world: Account }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads what a fixture needs from its pattern
  world: async ({}, use) => {
    const sts = await startAwsDouble();
    const home = createSetupHome(sts.url, sts.bob);
    const { usersByArn, rolesByArn, policiesByArn, keysById } = sts.iam;
    const world: Account = {
      sts,
      home,
      setup: (words = "prod --admin-profile admin") => runInProcess(setupWords(words), home.env),
      configText: () => readFileSync(home.configFile, "utf8"),
      mutating: () => sts.requests.map(({ action }) => action).filter(isMutating),
      made: () => ({
        user: usersByArn.get(`${account}:user/prod-user`),
        role: rolesByArn.get(`${account}:role/prod-role`),
        policy: policiesByArn.get(`${account}:policy/prod-role-assume`),
        keys: [...keysById.values()].filter((key) => key.user.name === "prod-user"),
      }),
      async expectComplete() {
        const { stdout, code } = await runInProcess(["whoami", "prod", "--json"], home.env);
        expect(code).toBe(0);
        const facts = JSON.parse(stdout) as { arn: string; chain: string[] };
        expect(facts.chain).toEqual(["prod", "prod-user"]);
        expect(facts.arn).toContain(":assumed-role/prod-role/");
        expect(world.made().keys).toHaveLength(1);
      },
      expectNothingLeft() {
        expect(world.made()).toEqual({
          user: undefined,
          role: undefined,
          policy: undefined,
          keys: [],
        });
        expect(world.configText()).toBe("# mine\n[profile admin]\nregion = eu-west-1\n");
      },
    };
    await use(world);
    await sts.close();
    await home.remove();
  },
});

describe.concurrent("setup", () => {
  it("makes user, policy, role, key and both profiles, and verifies each", async ({ world }) => {
    const { code, stdout, stderr } = await world.setup("prod --admin-profile admin --json");
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/may call|could not/);
    const facts = JSON.parse(stdout) as { steps: { step: string; how: string; seen: string }[] };
    expect(facts).toMatchObject({
      setup: "prod",
      account: "123456789012",
      userArn: `${account}:user/prod-user`,
      roleArn: `${account}:role/prod-role`,
      rolePolicyArns: ["arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"],
      accessKeyId: world.made().keys[0]?.accessKeyId,
      store: "file",
      changed: true,
    });
    expect(facts.steps.map(({ how, seen }) => `${how}: ${seen}`)).toEqual([
      `created: ${account}:user/prod-user`,
      `created: allows sts:AssumeRole on ${account}:role/prod-role, and rotating the user's own key`,
      "created: attached: prod-role-assume",
      `created: trusts only ${account}:user/prod-user`,
      "created: attached: ViewOnlyAccess",
      expect.stringMatching(
        /^created: AKIA\w+ in the file store; the identity is user\/prod-user$/,
      ),
      `created: in ${world.home.configFile}, without the secret`,
      `created: in ${world.home.configFile}: ${account}:role/prod-role, from prod-user`,
      expect.stringContaining("checked: the identity is assumed-role/prod-role/"),
      "checked: iam:ListAttachedRolePolicies: the role may, the user may not",
    ]);
    await world.expectComplete();
  });

  it("gives the user one role and its own key, trusts the one user, and tags all three", async ({
    world,
  }) => {
    await world.setup();
    const document = JSON.parse(world.made().policy?.versions.at(-1)?.document ?? "") as {
      Statement: { Action: string | string[]; Resource: string }[];
    };
    expect(document.Statement.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ["sts:AssumeRole", `${account}:role/prod-role`],
      [expect.arrayContaining(["iam:CreateAccessKey"]), `${account}:user/prod-user`],
    ]);
    const trust = JSON.parse(world.made().role?.trustPolicy ?? "") as { Statement: unknown[] };
    expect(trust.Statement).toEqual([
      {
        Effect: "Allow",
        Principal: { AWS: `${account}:user/prod-user` },
        Action: "sts:AssumeRole",
      },
    ]);
    const tags = [world.made().user?.tags, world.made().role?.tags, world.made().policy?.tags];
    expect(tags[0]?.get("awsrole:setup")).toMatch(/^prod:[0-9a-f]{16}$/);
    expect(tags).toEqual([tags[0], tags[0], tags[0]]);
    expect(await runInProcess(["rotate-key", "prod-user"], world.home.env)).toMatchObject({
      code: 0,
    });
  });

  it("lets nobody see the secret: not on the screen, and in no file", async ({ world }) => {
    const words = setupWords("prod --admin-profile admin --debug");
    const { stdout, stderr } = await runAwsrole(words, { env: world.home.env });
    const [{ secretAccessKey } = { secretAccessKey: "" }] = world.made().keys;
    expect(secretAccessKey).toHaveLength(40);
    expect(stdout).toContain("Profile prod is ready");
    // Nothing else either: node itself warns on stderr, for instance of listeners that pile up on a connection.
    expect(stderr.replaceAll(/^awsrole: warning: .* is below .*\n/gm, "")).toBe("");
    expect(stdout + textOfHome(world.home)).not.toContain(secretAccessKey);
  });

  it("changes nothing the second time, and needs no options then", async ({ world }) => {
    await world.setup(
      "prod --admin-profile admin --policy-arn arn:aws:iam::aws:policy/AmazonRDSReadOnlyAccess",
    );
    const made = world.mutating().length;
    const before = world.configText();
    const { code, stdout } = await world.setup("prod");
    expect(code).toBe(0);
    expect(stdout).toContain("nothing was changed");
    expect(stdout).toMatch(/the role may not \(its policies .*\), the user may not/);
    expect(world.mutating()).toHaveLength(made);
    expect(world.configText()).toBe(before);
  });

  it.for<readonly [kind: string, add: (world: Account) => void]>([
    ["user", ({ sts }: Account) => void sts.addUser({ name: "prod-user" })],
    ["role", ({ sts }: Account) => void sts.addRole({ arn: `${account}:role/prod-role` })],
    [
      "policy",
      ({ sts }: Account) =>
        void sts.iam.policiesByArn.set(`${account}:policy/prod-role-assume`, {
          arn: `${account}:policy/prod-role-assume`,
          name: "prod-role-assume",
          tags: new Map([["awsrole:setup", "other"]]),
          versions: [{ id: "v1", document: "{}", createdAt: new Date(), isDefault: true }],
        }),
    ],
  ])(
    "refuses a %s of that name which is not its own, before it makes anything",
    async ([kind, add], { world }) => {
      add(world);
      const { code, stderr } = await world.setup();
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`${kind} prod-\\S+ already exists.*it was left alone`));
      expect(world.mutating()).toEqual([]);
      const undone = await world.setup("prod --admin-profile admin --undo --yes");
      expect(undone.code).toBe(0);
      expect(undone.stderr).toContain("is kept: it does not belong to this setup");
      expect(world.mutating()).toEqual([]);
    },
  );

  describe("whose tag others have set", () => {
    /** What anybody who may make users can do before an administrator's first setup. */
    const plant = ({ sts }: Account, value = "prod") => {
      sts.addUser({ name: "prod-user" });
      for (const [id, key] of sts.iam.keysById)
        if (key.user.name === "prod-user") sts.iam.keysById.delete(id);
      const user = sts.iam.usersByArn.get(`${account}:user/prod-user`) ?? {};
      return Object.assign(user, { tags: new Map([["awsrole:setup", value]]) });
    };

    it("adopts nothing that it has no record of: it names what it found, and makes nothing", async ({
      world,
    }) => {
      for (const value of ["prod", "prod:0123456789abcdef"]) {
        Object.assign(plant(world, value), { createdAt: new Date("2026-11-01") });
        const { code, stderr } = await world.setup("prod --admin-profile admin --no-input");
        expect(code).toBe(1);
        expect(stderr).toContain(
          `has no record of a setup prod, but its tag is on user ${account}:user/prod-user (tag awsrole:setup=${value}, created 2026-11-01)`,
        );
        expect(stderr).toContain("add --adopt");
        const undone = await world.setup("prod --admin-profile admin --undo --yes --no-input");
        expect(undone.code).toBe(1);
        expect(world.mutating()).toEqual([]);
        world.sts.iam.usersByArn.delete(`${account}:user/prod-user`);
      }
    });

    it("adopts with --adopt, remembers it, and asks no more", async ({ world }) => {
      plant(world, "prod:0123456789abcdef");
      const adopted = await world.setup("prod --admin-profile admin --adopt");
      expect(adopted.stderr).toContain("adopted");
      expect(adopted.code).toBe(0);
      expect(world.made().role?.tags?.get("awsrole:setup")).toBe("prod:0123456789abcdef");
      expect((await world.setup("prod --no-input")).code).toBe(0);
      await world.expectComplete();
    });

    it(titled("asks at the terminal before it adopts", noTerminal), async ({ world, skip }) => {
      skip(noTerminal !== undefined);
      plant(world);
      const terminal = openTerminal(world.home.env);
      try {
        terminal.enter([...program, ...setupWords("prod --admin-profile admin")].join(" "));
        await terminal.waitFor(/user arn:aws:iam::123456789012:user\/prod-user \(tag/);
        await terminal.waitFor(/Were these created by your setup\? \[y\/N\]$/);
        terminal.enter("n");
        await terminal.waitFor(/nothing\s+was\s+changed/);
        expect(world.mutating()).toEqual([]);
      } finally {
        terminal.close();
      }
    });

    it.for<readonly [extra: string, add: object]>([
      ["a console password", { hasPassword: true }],
      ["the groups admins", { groups: ["admins"] }],
      ["the inline policies all", { inlinePolicies: ["all"] }],
    ])("refuses a user with %s, adopted or its own", async ([extra, add], { world }) => {
      Object.assign(plant(world), add);
      const { code, stderr } = await world.setup("prod --admin-profile admin --adopt");
      expect(code).toBe(1);
      expect(stderr).toContain(`user prod-user has ${extra}, which setup does not create`);
      expect(world.mutating()).toEqual([]);
      world.sts.iam.usersByArn.delete(`${account}:user/prod-user`);

      await world.setup();
      Object.assign(world.made().user ?? {}, add);
      const again = await world.setup("prod");
      expect(again.code).toBe(1);
      expect(again.stderr).toContain(extra);
    });

    it("refuses things of several setups", async ({ world }) => {
      plant(world, "prod:0123456789abcdef");
      const role = world.sts.addRole({ arn: `${account}:role/prod-role` });
      Object.assign(role, { tags: new Map([["awsrole:setup", "prod"]]) });
      const { code, stderr } = await world.setup("prod --admin-profile admin --adopt");
      expect(code).toBe(1);
      expect(stderr).toContain("several setups are named prod");
      expect(world.mutating()).toEqual([]);
    });

    it("does not take what was tagged later with another id for its own", async ({ world }) => {
      await world.setup();
      Object.assign(world.made().user ?? {}, {
        tags: new Map([["awsrole:setup", "prod:0123456789abcdef"]]),
      });
      const { code, stderr } = await world.setup("prod --adopt");
      expect(code).toBe(1);
      expect(stderr).toMatch(/user prod-user already exists, which belongs to the setup/);
    });
  });

  it("refuses a profile of that name that leads elsewhere, before it makes anything", async ({
    world,
  }) => {
    await runInProcess(addProfileWords("prod", "admin", world), world.home.env);
    const { code, stderr } = await world.setup();
    expect(code).toBe(1);
    expect(stderr).toContain("profile prod already exists");
    expect(world.mutating()).toEqual([]);
  });

  it("refuses a store that may not keep keys, before it makes anything", async ({ world }) => {
    const { code, stderr } = await world.setup("prod --admin-profile admin --store none");
    expect(code).toBe(1);
    expect(stderr).toContain("the store none stores nothing");
    expect(world.mutating()).toEqual([]);
  });

  const settling = { status: 404, code: "NoSuchEntity", message: "cannot be found." };
  it.for<readonly [what: string, behaviour: Behaviour]>([
    [
      "the role's principal",
      {
        only: ["CreateRole"],
        refuse: {
          status: 400,
          code: "MalformedPolicyDocument",
          message: `Invalid principal in policy: "AWS":"${account}:user/prod-user"`,
        },
      },
    ],
    ["what is to be attached", { only: ["AttachUserPolicy"], refuse: settling }],
    ["the user whose key it is", { only: ["CreateAccessKey"], refuse: settling }],
    ["the new key", { only: ["CreateAccessKey"], newKeyUnknownFor: 2 }],
    ["the new policies, at STS", { only: ["AssumeRole"], deny: "not authorized" }],
  ])("waits until AWS knows %s", async ([, behaviour], { world }) => {
    world.sts.behave({ ...behaviour, times: 2 });
    expect((await world.setup()).code).toBe(0);
    expect(world.made().keys).toHaveLength(1);
  });

  it("finds what was made when the answer is lost", async ({ world }) => {
    world.sts.behave({ only: ["CreateUser"], times: 1, malformed: "truncated" });
    expect((await world.setup()).code).toBe(1);
    const again = await world.setup("prod");
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("user prod-user: exists");
    await world.expectComplete();
  });

  it("deletes a key whose secret was lost on the way, and makes another", async ({ world }) => {
    world.sts.behave({ only: ["CreateAccessKey"], malformed: "truncated" });
    expect((await world.setup()).code).toBe(1);
    const [lost] = world.made().keys;
    world.sts.behave({});
    expect((await world.setup("prod")).code).toBe(0);
    expect(world.made().keys[0]?.accessKeyId).not.toBe(lost?.accessKeyId);
    await world.expectComplete();
  });

  it("does not touch a key whose secret is not here and that may be another user's", async ({
    world,
  }) => {
    await world.setup();
    rmSync(join(world.home.path, "state"), { recursive: true });
    const made = world.mutating().length;
    const { code, stderr } = await world.setup("prod --admin-profile admin --adopt");
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${world.made().keys[0]?.accessKeyId}, whose secret is not stored here`,
    );
    expect(world.mutating()).toHaveLength(made);
  });

  it("says what was denied, and goes on from there when it is allowed", async ({ world }) => {
    world.sts.behave({
      only: ["CreateRole"],
      deny: "User: admin is not authorized: iam:CreateRole",
    });
    const { code, stderr } = await world.setup();
    expect(code).toBe(1);
    expect(stderr).toContain("iam:CreateRole");
    expect(stderr).toContain("awsrole setup prod --undo to delete what was created");
    world.sts.behave({});
    const again = await world.setup("prod");
    expect(again.stdout).toMatch(/user prod-user: exists[^]*role prod-role: created/);
    await world.expectComplete();
  });

  it("fixes a policy and a trust policy that differ, and keeps at most five versions", async ({
    world,
  }) => {
    await world.setup();
    const { versions = [] } = world.made().policy ?? {};
    const [mine] = versions;
    for (const turn of [2, 3, 4, 5]) {
      for (const version of versions) version.isDefault = false;
      const document = `{"turn":${turn}}`;
      versions.push({ id: `v${turn}`, document, createdAt: new Date(), isDefault: true });
    }
    expect((await world.setup("prod")).stdout).toContain("policy prod-role-assume: changed");
    expect(world.made().policy?.versions.at(-1)?.document).toBe(mine?.document);
    expect(world.made().policy?.versions).toHaveLength(5);
    Object.assign(world.made().role ?? {}, { trustPolicy: "{}" });
    expect((await world.setup("prod")).stdout).toContain("role prod-role: changed");
    await world.expectComplete();
  });

  it("does not let the names of a setup change under it", async ({ world }) => {
    await world.setup();
    const { code, stderr } = await world.setup("prod --user alice");
    expect(code).toBe(1);
    expect(stderr).toContain("has --user prod-user, not alice");
  });

  it("asks for a device where the role wants MFA, and goes on when there is one", async ({
    world,
  }) => {
    const first = await world.setup("prod --admin-profile admin --mfa");
    expect(first.code).toBe(3);
    expect(first.stderr).toContain("user prod-user has no MFA device yet");
    expect(first.stderr).toContain("aws iam create-virtual-mfa-device");
    expect(world.made().role?.requireMfa).toBe(true);
    const device = world.sts.giveMfaDevice(`${account}:user/prod-user`);
    const second = await world.setup(`prod --mfa-code ${world.sts.currentCode(device)}`);
    expect(second).toMatchObject({ code: 0 });
    expect(world.configText()).toContain(`awsrole_mfa_serial = ${account}:mfa/prod-user`);
    expect((await world.setup("prod --undo --yes")).code).toBe(0);
    world.expectNothingLeft();
  });

  it("takes MFA back when it is no longer wanted", async ({ world }) => {
    await world.setup("prod --admin-profile admin --mfa");
    expect((await world.setup("prod --no-mfa")).code).toBe(0);
    expect(world.made().role?.requireMfa).toBe(false);
    expect(world.configText()).not.toContain("awsrole_mfa_serial");
  });

  it("names a policy that does not exist before it makes anything", async ({ world }) => {
    const wrong = "arn:aws:iam::aws:policy/ViewOnlyAcess";
    const { code, stderr } = await world.setup(`prod --admin-profile admin --policy-arn ${wrong}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^awsrole: policy ${wrong} does not exist\nawsrole: hint: .*--policy-arn ARN`,
        "m",
      ),
    );
    expect(world.mutating()).toEqual([]);
  });

  it("keeps to the partition of its account", async ({ world }) => {
    const chen = world.sts.addUser({ name: "Chen", partition: "aws-cn" });
    const home = createSetupHome(world.sts.url, chen, "cn-north-1");
    const { code, stdout } = await runInProcess(setupWords("prod --admin-profile admin"), home.env);
    expect(code).toBe(0);
    expect(stdout).toContain("trusts only arn:aws-cn:iam::123456789012:user/prod-user");
    expect([
      ...(world.sts.iam.rolesByArn.get("arn:aws-cn:iam::123456789012:role/prod-role")
        ?.attachedPolicyArns ?? []),
    ]).toEqual(["arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess"]);
    const wrong = await runInProcess(
      setupWords("test --admin-profile admin --policy-arn arn:aws:iam::aws:policy/X"),
      home.env,
    );
    await home.remove();
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("in the partition aws-cn, not aws");
  });

  it("shows its plan and changes nothing, as a script or as JSON", async ({ world }) => {
    const before = world.configText();
    const { code, stdout } = await world.setup("prod --admin-profile admin --dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain("aws iam create-user --user-name prod-user");
    expect(stdout).toContain("| awsrole add-key prod-user");
    const plan = JSON.parse(
      (await world.setup("prod --admin-profile admin --dry-run --json")).stdout,
    ) as {
      steps: { state: string }[];
    };
    expect(plan.steps.map(({ state }) => state)).toEqual([
      ...Array.from({ length: 8 }, () => "missing"),
      "right",
      "right",
    ]);
    expect(world.mutating()).toEqual([]);
    expect(world.configText()).toBe(before);
    expect(textOfHome(world.home)).not.toContain("prod");
  });

  it.for<readonly [options: string, message: string]>([
    ["", "--admin-profile is missing"],
    ["--admin-profile prod", "must be different profiles"],
    ["--admin-profile admin --user a/b", "--user a/b is not valid"],
    ["--admin-profile admin --policy-arn ReadOnly", "--policy-arn ReadOnly is not valid"],
    ["--admin-profile admin --region EU_West", "--region: EU_West is not valid"],
  ])("says what is wrong with the command line: %s", async ([options, message], { world }) => {
    const { code, stderr } = await world.setup(`prod ${options}`.trim());
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(world.mutating()).toEqual([]);
  });
});

describe.concurrent("setup --undo", () => {
  it("leaves no trace of its own, and everything else as it was", async ({ world }) => {
    world.sts.addUser({ name: "prod-user-2" });
    world.sts.addRole({ arn: `${account}:role/prod-role-2` });
    const others = [
      world.sts.iam.usersByArn.size,
      world.sts.iam.rolesByArn.size,
      world.sts.iam.keysById.size,
    ];
    await world.setup();
    const { code } = await world.setup("prod --undo --yes");
    expect(code).toBe(0);
    world.expectNothingLeft();
    expect([
      world.sts.iam.usersByArn.size,
      world.sts.iam.rolesByArn.size,
      world.sts.iam.keysById.size,
    ]).toEqual(others);
    expect((await runInProcess(["list", "--json"], world.home.env)).stdout).not.toContain("prod");
    expect((await world.setup("prod --admin-profile admin --undo --yes")).stdout).toContain(
      "there is no setup prod to delete",
    );
  });

  it("deletes nothing without a yes, and can show what it would", async ({ world }) => {
    await world.setup();
    const made = world.mutating().length;
    const asked = await world.setup("prod --undo --no-input");
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain("--yes");
    const { stdout } = await world.setup("prod --undo --dry-run");
    expect(stdout).toContain("aws iam delete-user --user-name prod-user --profile admin");
    expect(world.mutating()).toHaveLength(made);
    await world.expectComplete();
  });

  it(titled("asks at the terminal before it deletes", noTerminal), async ({ world, skip }) => {
    skip(noTerminal !== undefined);
    await world.setup();
    const terminal = openTerminal(world.home.env);
    try {
      const line = [...program, ...setupWords("prod --undo")].join(" ");
      terminal.enter(line);
      await terminal.waitFor(/delete user prod-user\nDelete all of these\? \[y\/N\]$/);
      terminal.enter("n");
      await terminal.waitFor(/nothing\s+was\s+deleted/);
      await world.expectComplete();
      terminal.enter(line);
      await terminal.waitFor(/nothing\s+was\s+deleted[^]*\[y\/N\]$/);
      terminal.enter("y");
      await terminal.waitFor(/✓ deleted user prod-user\nRemoved everything setup created for prod/);
      world.expectNothingLeft();
    } finally {
      terminal.close();
    }
  });

  it.for(some("CreateAccessKey", "CreateRole", "AttachUserPolicy"))(
    "works on a setup that stopped at %s",
    async (action, { world }) => {
      world.sts.behave({ only: [action], deny: "no" });
      expect((await world.setup()).code).toBe(1);
      world.sts.behave({});
      expect((await world.setup("prod --undo --yes")).code).toBe(0);
      world.expectNothingLeft();
    },
  );

  it.for(some("DeleteUser", "DeleteAccessKey", "DetachRolePolicy", "DeleteRole", "DeletePolicy"))(
    "continues where it stopped at %s",
    async (action, { world }) => {
      await world.setup();
      world.sts.behave({ only: [action], deny: "no" });
      expect((await world.setup("prod --undo --yes")).code).toBe(1);
      world.sts.behave({});
      expect((await world.setup("prod --undo --yes")).code).toBe(0);
      world.expectNothingLeft();
    },
  );

  it("needs no more rights than docs/how-to/setup.md lists", async ({ world }) => {
    const page = readFileSync(new URL("../../docs/how-to/setup.md", import.meta.url), "utf8");
    const listed = new Set(page.match(/(?<=\biam:)\w+(?=[ \n])/g));
    await world.setup("prod --admin-profile admin --mfa");
    world.sts.giveMfaDevice(`${account}:user/prod-user`);
    const { versions = [] } = world.made().policy ?? {};
    versions.splice(
      0,
      1,
      ...["v1", "v2", "v3", "v4", "v5"].map((id, index) => ({
        id,
        document: "{}",
        createdAt: new Date(),
        isDefault: index === 4,
      })),
    );
    Object.assign(world.made().role ?? {}, { trustPolicy: "{}" });
    await world.setup("prod --no-input");
    const [{ accessKeyId } = { accessKeyId: "" }] = world.made().keys;
    // As if its secret had been lost: GetAccessKeyLastUsed is asked only then.
    await runInProcess(["remove-key", "prod-user", "--force", "--yes"], world.home.env);
    await world.setup("prod --no-input");
    expect(world.made().keys.map((key) => key.accessKeyId)).toEqual([accessKeyId]);
    await world.setup("prod --undo --yes");
    expect(world.made().user).toBeUndefined();
    const { accessKeyId: adminKey } = world.sts.bob;
    const called = new Set(
      world.sts.requests
        .filter((request) => request.accessKeyId === adminKey)
        .map(({ action }) => action)
        .filter((action) => action !== "GetCallerIdentity"),
    );
    const whenTagged = ["TagUser", "TagPolicy", "TagRole"];
    expect([...called, ...whenTagged].toSorted()).toEqual([...listed].toSorted());
  });

  it("takes back a setup of another machine by its tags, and needs no store for that", async ({
    world,
  }) => {
    await world.setup();
    const other = createSetupHome(world.sts.url, world.sts.bob);
    const undo = (words: string) =>
      runInProcess(setupWords(`prod --admin-profile admin --undo --yes${words}`), {
        ...other.env,
        AWSROLE_STORE: "none",
      });
    const made = world.mutating().length;
    const refused = await undo("");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("has no record of a setup prod");
    expect(world.mutating()).toHaveLength(made);
    const undone = await undo(" --adopt");
    await other.remove();
    expect(undone.code).toBe(0);
    expect(world.made()).toEqual({ user: undefined, role: undefined, policy: undefined, keys: [] });
  });

  it("says whose source goes with it", async ({ world }) => {
    await world.setup();
    await runInProcess(addProfileWords("second", "prod-user", world), world.home.env);
    const { stderr } = await world.setup("prod --undo --yes");
    expect(stderr).toContain("profile second has prod-user as its source");
  });
});
