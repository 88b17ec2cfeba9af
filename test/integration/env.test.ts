/** `env` as people use it: a real shell evaluates what it prints. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { createHome, type Home, program, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

let sts: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  sts = await startAwsDouble();
  home = createHome({
    config: [
      "[profile prod]",
      "region = eu-west-1",
      "role_arn = arn:aws:iam::123456789012:role/example-role",
      "source_profile = bob",
      "[profile other]",
      "region = us-east-2",
      "role_arn = arn:aws:iam::123456789012:role/example-role",
      "source_profile = bob",
      "",
    ].join("\n"),
    credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
  });
  env = { ...home.env, AWS_ENDPOINT_URL_STS: sts.url, AWSROLE_STORE: "none" };
});
afterAll(async () => {
  await sts.close();
  await home.remove();
});

const line = (words: string): string => `${program.map((word) => `'${word}'`).join(" ")} ${words}`;
const show = `${process.execPath} -p 'JSON.stringify(process.env)'`;

describe("env in a real shell", () => {
  const use = {
    bash: (words: string) => `eval "$(${line(words)})"`,
    dash: (words: string) => `eval "$(${line(words)})"`,
    zsh: (words: string) => `eval "$(${line(words)})"`,
    fish: (words: string) => `${line(words)} | source`,
  };
  for (const [shell, evaluate] of Object.entries(use)) {
    const reason = missing(shell, ["-c", "exit 0"]);
    it.skipIf(reason !== undefined)(
      titled(`${shell}: set, set another, cleared, and all is as before`, reason),
      async () => {
        const script = [
          show,
          evaluate("env prod"),
          show,
          ...(shell === "bash" ? [evaluate("env other"), show] : []),
          evaluate("env --unset"),
          show,
          // Not the last command, for which zsh would replace itself (SHLVL).
          "true",
        ].join("\n");
        const { stdout, stderr, code } = await runCommand([shell, "-c", script], {
          env: { ...env, AWS_PROFILE: "mine", SHELL: "/bin/false", AWS_SESSION_TOKEN: undefined },
        });
        expect(stderr).toBe("");
        expect(code).toBe(0);
        const shown = stdout
          .trim()
          .split("\n")
          .map((text) => JSON.parse(text) as Record<string, string>);
        const [before, prod, other] = shown;
        expect(prod).toMatchObject({
          AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
          AWS_SESSION_TOKEN: expect.stringMatching(/./),
          AWS_CREDENTIAL_EXPIRATION: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          AWS_REGION: "eu-west-1",
          AWS_DEFAULT_REGION: "eu-west-1",
          AWS_ACCOUNT_ID: "123456789012",
        });
        expect(prod).not.toHaveProperty("AWS_PROFILE");
        if (shell === "bash") expect(other?.["AWS_REGION"]).toBe("us-east-2");
        expect(shown.at(-1)).toEqual(before);
      },
    );
  }

  const failing: Readonly<Record<string, string>> = {
    "a profile that does not exist": "env nope",
    "no name": "env",
    "a command line that is wrong": "env prod --nonsense",
    "a shell that does not exist": "env prod --shell tcsh",
    "AWS not answering": "env prod --force-refresh",
  };
  for (const [shell, evaluate] of Object.entries(use)) {
    const reason = missing(shell, ["-c", "exit 0"]);
    it.skipIf(reason !== undefined)(
      titled(
        `${shell}: a failure is a failure of eval, and nothing of an earlier env stays`,
        reason,
      ),
      async () => {
        const and = shell === "fish" ? "; and" : " &&";
        // What fails is the same for all; bash is run for all.
        const kinds = Object.entries(failing).slice(0, shell === "bash" ? undefined : 1);
        for (const [name, words] of kinds) {
          const script = [
            evaluate("env prod"),
            ...(name === "AWS not answering"
              ? [
                  shell === "fish"
                    ? "set -gx AWS_ENDPOINT_URL_STS http://127.0.0.1:9"
                    : "export AWS_ENDPOINT_URL_STS=http://127.0.0.1:9",
                ]
              : []),
            `${evaluate(words)}${and} echo DESTROYED`,
            show,
            "true",
          ].join("\n");
          const { stdout } = await runCommand([shell, "-c", script], {
            env: { ...env, AWS_REGION: "us-west-1", SHELL: `/bin/${shell}` },
          });
          expect(stdout, `${shell}: ${name}`).not.toContain("DESTROYED");
          const after = JSON.parse(stdout) as Record<string, string>;
          expect(
            Object.keys(after).filter((key) =>
              /^AWS_(?:ACCESS|SECRET|SESSION)|^AWSROLE_(?:PROF|BEF)/.test(key),
            ),
            `${shell}: ${name}`,
          ).toEqual([]);
          expect(after["AWS_REGION"]).toBe("us-west-1");
        }
      },
      60_000,
    );
  }

  it("a failure leaves a person's own variables alone", async () => {
    const mine = { AWS_ACCESS_KEY_ID: "AKIAMINE", AWS_PROFILE: "mine" };
    const script = `set +e; ${use.bash("env nope")}; echo "$? $AWS_ACCESS_KEY_ID $AWS_PROFILE"`;
    const { stdout } = await runCommand(["bash", "-c", script], { env: { ...env, ...mine } });
    expect(stdout).toBe("1 AKIAMINE mine\n");
  });

  it("a failure stops a script that runs under set -e", async () => {
    const script = `set -e; ${use.bash("env nope")}; echo DESTROYED`;
    const { code, stdout } = await runCommand(["bash", "-c", script], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  it("a failure is a statement for PowerShell and cmd, too", async () => {
    const said = async (shell: string): Promise<string> =>
      (await runAwsrole(["env", "nope", "--shell", shell], { env })).stdout;
    expect(await said("powershell")).toBe("throw 'awsrole env failed'\n");
    expect(await said("cmd")).toBe("cmd /c exit 1\n");
  });

  it("a region of the person's own wins over the profile's and comes back", async () => {
    const script = `${use.bash("env prod")}\necho "$AWS_REGION $AWS_DEFAULT_REGION"\n${use.bash("env --unset")}\necho "$AWS_REGION"`;
    const { stdout } = await runCommand(["bash", "-c", script], {
      env: { ...env, AWS_REGION: "ap-south-1" },
    });
    expect(stdout).toBe("ap-south-1 ap-south-1\nap-south-1\n");
  });
});

describe("env", () => {
  it("gives a session of an access key, or with --long-term the key", async () => {
    const session = await runAwsrole(["env", "bob", "--shell", "json"], { env });
    expect(JSON.parse(session.stdout)).toMatchObject({
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
      AWS_SESSION_TOKEN: expect.stringMatching(/./),
    });
    const key = await runAwsrole(["env", "bob", "--json", "--long-term"], { env });
    expect(JSON.parse(key.stdout)).toMatchObject({ AWS_ACCESS_KEY_ID: sts.bob.accessKeyId });
    expect(JSON.parse(key.stdout)).not.toHaveProperty("AWS_SESSION_TOKEN");
  });

  it("has no way to clear in a file format", async () => {
    const { code, stderr } = await runAwsrole(["env", "--unset", "--shell", "dotenv"], { env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^awsrole: env: the format dotenv cannot clear a variable\n/);
  });

  it("wants a profile when AWS_PROFILE names none", async () => {
    const { code, stderr } = await runAwsrole(["env"], { env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^awsrole: env: specify a profile \(or set AWS_PROFILE\)\n/);
    const named = await runAwsrole(["env", "--json"], { env: { ...env, AWS_PROFILE: "prod" } });
    expect(named.code).toBe(0);
  });

  it("prints no statement where its output is data", async () => {
    for (const form of [["--json"], ["--shell", "json"], ["--shell=dotenv"]]) {
      const { code, stdout } = await runAwsrole(["env", "nope", ...form], { env });
      expect(code, form.join(" ")).toBe(1);
      expect(stdout, form.join(" ")).toMatch(form[0] === "--json" ? /^\{"error":/ : /^$/);
    }
  });

  const noScript = missing("script");
  it.skipIf(noScript !== undefined)(
    titled("refuses to show secrets on a terminal, and says how to use it", noScript),
    async () => {
      const typed = (words: string): Promise<{ stdout: string }> =>
        runCommand(["script", "-qec", line(words), "/dev/null"], {
          env: { ...env, SHELL: "/bin/bash" },
        });
      const refused = await typed("env prod");
      expect(refused.stdout).toContain("env: refusing to print secrets to a terminal");
      expect(refused.stdout).toContain('eval "$(awsrole env prod)"');
      expect(refused.stdout).not.toContain("AWS_SECRET");
      // What was asked for, not something else.
      for (const [words, advice] of [
        ["env prod --json", "run (umask 077; awsrole env prod --shell json > FILE)"],
        ["env prod --shell fish", "run awsrole env prod --shell fish | source"],
        ["env prod --long-term", 'eval "$(awsrole env prod --long-term)"'],
      ] as const)
        expect((await typed(words)).stdout).toContain(advice);
      expect((await typed("env prod --force")).stdout).toContain("AWS_SECRET_ACCESS_KEY");
    },
  );
});
