/** Leaves that AWS's own providers resolve, driven through the real providers against doubles on the loopback; and commands that lead back here. */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, program, runAwsrole } from "../support/run-awsrole.ts";

const arn = "arn:aws:iam::123456789012:role/example-role";

describe("sources", () => {
  let sts: AwsDouble;
  let home: Home;
  const others: AwsDouble[] = [];

  beforeEach(async () => {
    sts = await startAwsDouble();
    sts.identityCenter.addAccount({ accountId: "123456789012", roleNames: ["reader"] });
  });
  afterEach(async () => {
    await Promise.all([sts, ...others.splice(0)].map((one) => one.close()));
    await home?.remove();
  });
  /** Answers like AWS, but is not meant: whatever reaches it is a token in the wrong hands. */
  const startStranger = async (): Promise<AwsDouble> => {
    const stranger = await startAwsDouble();
    others.push(stranger);
    return stranger;
  };
  const actionsOf = ({ requests }: AwsDouble): string[] => requests.map(({ action }) => action);
  const run = (config: string, env: NodeJS.ProcessEnv = {}, name = "p") => {
    home = createRoleHome(sts, { config });
    return runAwsrole(["credential-process", "--profile", name, "--store", "none"], {
      env: { ...home.env, ...env },
    });
  };
  const role = (...lines: string[]): string =>
    `[profile p]\nrole_arn = ${arn}\n${lines.join("\n")}\n`;

  it("the environment", async () => {
    const keys = {
      AWS_ACCESS_KEY_ID: sts.bob.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sts.bob.secretAccessKey,
    };
    expect(await run(role("credential_source = Environment"), keys)).toMatchObject({
      code: 0,
      stderr: "",
    });
    await home.remove();
    const missing = await run(role("credential_source = Environment"));
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toMatch(/the environment has no AWS keys/);
  });

  const onInstance = () => ({
    AWS_EC2_METADATA_SERVICE_ENDPOINT: sts.urls.imds,
    AWS_EC2_METADATA_DISABLED: undefined,
  });

  it("the EC2 instance metadata service, by IMDSv2", async () => {
    const finished = await run(role("credential_source = Ec2InstanceMetadata"), onInstance());
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(actionsOf(sts)).toEqual(["GetToken", "GetRoleName", "GetRoleCredentials", "AssumeRole"]);
  });

  it("the EC2 instance metadata service, while it cannot renew what it has: silently", async () => {
    sts.metadata.settings.expiredForSeconds = 1;
    const profile = role("credential_source = Ec2InstanceMetadata");
    expect(await run(profile, onInstance())).toMatchObject({ code: 0, stderr: "" });
  });

  it("the instance metadata service that the role's own profile names, whatever other profiles do", async () => {
    const stranger = await startStranger();
    const setting = (url: string) => `ec2_metadata_service_endpoint = ${url}`;
    const config =
      role("credential_source = Ec2InstanceMetadata", setting(sts.urls.imds)) +
      `[profile other]\n${setting(stranger.urls.imds)}\n[default]\n${setting(stranger.urls.imds)}\n`;
    const env = { AWS_EC2_METADATA_DISABLED: undefined, AWS_PROFILE: "other" };
    expect(await run(config, env)).toMatchObject({ code: 0, stderr: "" });
    expect(actionsOf(sts)).toEqual(["GetToken", "GetRoleName", "GetRoleCredentials", "AssumeRole"]);
    expect(stranger.requests).toEqual([]);
  });

  it("a session of another instance metadata service is never the answer", async () => {
    const otherName = sts.urls.imds.replace("127.0.0.1", "localhost");
    sts.hosts.add(new URL(otherName).host);
    home = createRoleHome(sts, { config: role("credential_source = Ec2InstanceMetadata") });
    const ask = async (url: string) => {
      const before = sts.requests.length;
      const { code } = await runAwsrole(
        ["credential-process", "--profile", "p", "--store", "plaintext"],
        {
          env: { ...home.env, ...onInstance(), AWS_EC2_METADATA_SERVICE_ENDPOINT: url },
        },
      );
      expect(code).toBe(0);
      return sts.requests.length - before;
    };
    expect([await ask(sts.urls.imds), await ask(sts.urls.imds), await ask(otherName)]).toEqual([
      4, 0, 4,
    ]);
  });

  it("the instance metadata service without a role, or failing: why there are no credentials", async () => {
    sts.metadata.settings.hasRole = false;
    const profile = role("credential_source = Ec2InstanceMetadata");
    const none = await run(profile, onInstance());
    expect(none).toMatchObject({ code: 1, stdout: "" });
    expect(none.stderr).toMatch(/returned no credentials: the instance has no role\n/);
    await home.remove();
    sts.behave({ only: ["GetRoleName"], serverError: 500 });
    const failing = await run(profile, onInstance());
    expect(failing).toMatchObject({ code: 1, stdout: "" });
    expect(failing.stderr).toMatch(/it returned HTTP 500\S* for \S+/);
  });

  it("not the EC2 instance metadata service where AWS_EC2_METADATA_DISABLED says so", async () => {
    const finished = await run(role("credential_source = Ec2InstanceMetadata"), {
      ...onInstance(),
      AWS_EC2_METADATA_DISABLED: "True",
    });
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toMatch(/AWS_EC2_METADATA_DISABLED/);
    expect(sts.requests).toEqual([]);
  });

  it("the container endpoint, with its token", async () => {
    sts.metadata.settings.containerAuthorization = "let me in";
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${sts.urls.container}/v2/credentials/task`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "let me in",
    };
    const finished = await run(role("credential_source = EcsContainer"), env);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const tokenFile = join(home.path, "token");
    writeFileSync(tokenFile, "let me in");
    // As EKS Pod Identity sets it, beside a token of another one: the file counts.
    const both = {
      ...env,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "not this one",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    };
    const withBoth = await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
      env: { ...home.env, ...both },
    });
    expect(withBoth).toMatchObject({ code: 0, stderr: "" });
    await home.remove();
    const none = await run(role("credential_source = EcsContainer"));
    expect(none).toMatchObject({ code: 1, stdout: "" });
    expect(none.stderr).toMatch(/there is no container credentials endpoint/);
    await home.remove();
    const unreadable = await run(role("credential_source = EcsContainer"), {
      ...env,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/nonexistent/token",
    });
    expect(unreadable).toMatchObject({ code: 1, stdout: "" });
    expect(unreadable.stderr).toMatch(
      /the token file \/nonexistent\/token \(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE\) does not exist/,
    );
    await home.remove();
    const elsewhere = await run(role("credential_source = EcsContainer"), {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://stranger.example/creds",
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "let me in",
    });
    expect(elsewhere).toMatchObject({ code: 1, stdout: "" });
    expect(elsewhere.stderr).toMatch(/not a valid credentials endpoint/);
  });

  describe("SSO", () => {
    const config = (more = "") =>
      `[profile p]\nrole_arn = ${arn}\nsource_profile = corp\n[profile corp]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = reader\n[sso-session s]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n${more}`;
    const tokenFile = () =>
      join(
        home.path,
        ".aws",
        "sso",
        "cache",
        `${createHash("sha1").update("s").digest("hex")}.json`,
      );
    /** As the AWS CLI leaves it. */
    const signIn = (minutes: number) => {
      mkdirSync(dirname(tokenFile()), { recursive: true });
      const signedIn = sts.identityCenter.signIn();
      const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString();
      writeFileSync(tokenFile(), JSON.stringify({ ...signedIn, expiresAt }));
      return signedIn;
    };
    const process = (env: NodeJS.ProcessEnv, name = "p") =>
      runAwsrole(["credential-process", "--profile", name, "--store", "none"], {
        env: { ...home.env, ...env },
      });

    it("with a live token: no refresh", async () => {
      home = createRoleHome(sts, { config: config() });
      signIn(60);
      expect(await process(sts.env)).toMatchObject({ code: 0, stderr: "" });
      expect(actionsOf(sts)).toEqual(["GetRoleCredentials", "AssumeRole"]);
      expect(sts.requests[0]).toMatchObject({
        method: "GET",
        target: "/federation/credentials?role_name=reader&account_id=123456789012",
      });
    });

    it("with a token that is about to expire: five processes refresh it once", async () => {
      home = createRoleHome(sts, { config: config() });
      const { refreshToken } = signIn(1);
      const all = await Promise.all(
        Array.from({ length: 5 }, () =>
          runAwsrole(["whoami", "corp"], { env: { ...home.env, ...sts.env } }),
        ),
      );
      expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
      expect(sts.callsOf("CreateToken")).toHaveLength(1);
      const kept = JSON.parse(readFileSync(tokenFile(), "utf8")) as { refreshToken: string };
      expect(kept.refreshToken).not.toBe(refreshToken);
      expect(sts.identityCenter.isRefreshTokenGood(kept.refreshToken)).toBe(true);
    });

    const strangers: readonly (readonly [string, (url: string) => string, NodeJS.ProcessEnv])[] = [
      ["[default] endpoint_url", (url) => `[default]\nendpoint_url = ${url}\n`, {}],
      [
        "endpoint_url of AWS_PROFILE",
        (url) => `[profile other]\nendpoint_url = ${url}\n`,
        { AWS_PROFILE: "other" },
      ],
      [
        "services of AWS_PROFILE",
        (url) =>
          `[profile other]\nservices = theirs\n[services theirs]\nsso =\n  endpoint_url = ${url}\nsso_oidc =\n  endpoint_url = ${url}\n`,
        { AWS_PROFILE: "other" },
      ],
    ];
    it.each(strangers)("tokens do not follow %s", async (_what, section, env) => {
      const stranger = await startStranger();
      const own = `[services mine]\nsso =\n  endpoint_url = ${sts.urls.sso}\nsso_oidc =\n  endpoint_url = ${sts.urls["sso-oidc"]}\n`;
      const text = config(own + section(stranger.url));
      home = createRoleHome(sts, {
        config: text.replace("sso_session = s\n", "sso_session = s\nservices = mine\n"),
      });
      signIn(1);
      expect(await process(env)).toMatchObject({ code: 0, stderr: "" });
      expect(stranger.requests).toEqual([]);
      expect(actionsOf(sts)).toEqual(["CreateToken", "GetRoleCredentials", "AssumeRole"]);
    });

    it("each service has its own endpoint: the variable before the profile's services, those before its endpoint_url", async () => {
      const unused = await startStranger();
      const text = config(
        `[services mine]\nsso_oidc =\n  endpoint_url = ${sts.urls["sso-oidc"]}\n`,
      );
      home = createRoleHome(sts, {
        config: text.replace(
          "sso_session = s\n",
          `sso_session = s\nservices = mine\nendpoint_url = ${unused.url}\nawsrole_endpoint_url = ${unused.url}\n`,
        ),
      });
      signIn(1);
      expect(await process({ AWS_ENDPOINT_URL_SSO: sts.urls.sso })).toMatchObject({ code: 0 });
      expect(actionsOf(sts)).toEqual(["CreateToken", "GetRoleCredentials", "AssumeRole"]);
      expect(unused.requests).toEqual([]);
    });

    it.each(["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"])(
      "%s without TLS, beyond this machine: refused before anything is sent",
      async (variable) => {
        const proxy = await startStranger();
        home = createRoleHome(sts, { config: config() });
        signIn(1);
        const finished = await process({
          [variable]: "http://plain.example",
          HTTP_PROXY: proxy.url,
        });
        expect(finished).toMatchObject({ code: 1, stdout: "" });
        expect(finished.stderr).toContain(
          `"http://plain.example" is an endpoint without TLS (${variable})`,
        );
        expect(proxy.requests).toEqual([]);
      },
    );

    // The hosts are botocore's for the same regions and settings.
    it.each([
      ["eu-west-1", {}, ["oidc.eu-west-1.amazonaws.com", "portal.sso.eu-west-1.amazonaws.com"]],
      [
        "cn-north-1",
        {},
        ["oidc.cn-north-1.amazonaws.com.cn", "portal.sso.cn-north-1.amazonaws.com.cn"],
      ],
      [
        "us-gov-west-1",
        { AWS_USE_FIPS_ENDPOINT: "true" },
        ["oidc.us-gov-west-1.amazonaws.com", "portal.sso.us-gov-west-1.amazonaws.com"],
      ],
      [
        "us-east-1",
        { AWS_USE_FIPS_ENDPOINT: "true" },
        ["oidc-fips.us-east-1.amazonaws.com", "portal.sso-fips.us-east-1.amazonaws.com"],
      ],
      [
        "eu-west-1",
        { AWS_USE_DUALSTACK_ENDPOINT: "true" },
        ["oidc.eu-west-1.api.aws", "portal.sso.eu-west-1.api.aws"],
      ],
    ])(
      "AWS's hosts in %s with %j, whatever region the environment has",
      async (region, env, hosts) => {
        const asked: string[] = [];
        const proxy = createServer().on("connect", ({ url = "" }, socket) => {
          asked.push(url);
          socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
        });
        await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
        home = createRoleHome(sts, { config: config().replace("eu-west-1\n", `${region}\n`) });
        signIn(1);
        const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const finished = await process({ ...env, HTTPS_PROXY, AWS_REGION: "ap-south-1" }, "corp");
        proxy.close();
        expect(finished).toMatchObject({ code: 1, stdout: "" });
        expect([...new Set(asked)]).toEqual(hosts.map((host) => `${host}:443`));
      },
    );

    it("without a token, or refused: says what to run, exit 3", async () => {
      const { env } = sts;
      const missing = await run(config(), env);
      expect(missing).toMatchObject({ code: 3, stdout: "" });
      expect(missing.stderr).toMatch(
        /^awsrole: profile corp: you are not signed in to sso-session s\nawsrole: hint: run: awsrole login s\n$/,
      );
      signIn(60);
      sts.identityCenter.endSessions();
      const refused = await runAwsrole(
        ["credential-process", "--profile", "p", "--store", "none"],
        { env: { ...home.env, ...env } },
      );
      expect(refused).toMatchObject({ code: 3, stdout: "" });
    });
  });

  it("SSO as it was before sso-session sections: with a live token", async () => {
    const { startUrl, region, accessToken, expiresAt } = sts.identityCenter.signIn();
    home = createRoleHome(sts, {
      config: `[profile p]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = reader\n`,
    });
    const cache = join(home.path, ".aws", "sso", "cache");
    mkdirSync(cache, { recursive: true });
    writeFileSync(
      join(cache, `${createHash("sha1").update(startUrl).digest("hex")}.json`),
      JSON.stringify({ startUrl, region, accessToken, expiresAt }),
    );
    const env = { ...home.env, ...sts.env };
    expect(
      await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], { env }),
    ).toMatchObject({ code: 0, stderr: "" });
    expect(sts.requests.map(({ input }) => input["accessToken"])).toEqual([accessToken]);
  });

  describe("a login session", () => {
    const session = "arn:aws:iam::123456789012:user/Bob";
    const cacheFile = () =>
      join(
        home.path,
        ".aws",
        "login",
        "cache",
        `${createHash("sha256").update(session).digest("hex")}.json`,
      );
    /** As `aws login` leaves it. */
    const logIn = (minutes: number) => {
      home = createRoleHome(sts, {
        config: `${role("source_profile = corp")}[profile corp]\nregion = eu-west-1\nlogin_session = ${session}\n`,
      });
      const login = sts.signin.logIn();
      const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString();
      const accessToken = { ...login.accessToken, expiresAt };
      mkdirSync(dirname(cacheFile()), { recursive: true });
      writeFileSync(cacheFile(), JSON.stringify({ ...login, accessToken }));
      return login;
    };

    it("that is live: its credentials sign, nobody is asked", async () => {
      logIn(60);
      expect(
        await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
          env: { ...home.env, AWS_ENDPOINT_URL_SIGNIN: "http://127.0.0.1:9" },
        }),
      ).toMatchObject({ code: 0, stderr: "" });
    });

    it("is renewed at its own endpoint, whatever [default] and AWS_PROFILE say", async () => {
      const stranger = await startStranger();
      logIn(2);
      const text = readFileSync(home.configFile, "utf8");
      writeFileSync(
        home.configFile,
        `${text.replace("login_session", `endpoint_url = ${sts.urls.signin}\nlogin_session`)}[default]\nendpoint_url = ${stranger.url}\n[profile other]\nservices = theirs\n[services theirs]\nsignin =\n  endpoint_url = ${stranger.url}\n`,
      );
      const words = ["credential-process", "--profile", "corp", "--store", "none"];
      for (const AWS_PROFILE of [undefined, "other"]) {
        expect(await runAwsrole(words, { env: { ...home.env, AWS_PROFILE } })).toMatchObject({
          code: 0,
          stderr: "",
        });
      }
      expect(stranger.requests).toEqual([]);
      expect(actionsOf(sts)).toEqual(["CreateOAuth2Token"]);
      expect(
        await runAwsrole(words, {
          env: { ...home.env, AWS_ENDPOINT_URL_SIGNIN: "http://plain.example" },
        }),
      ).toMatchObject({ code: 1, stderr: expect.stringContaining("without TLS") });
    });

    it("that is about to expire: five processes refresh it once, in AWS's own cache", async () => {
      const { refreshToken } = logIn(2);
      const env = { ...home.env, ...sts.env };
      const all = await Promise.all(
        Array.from({ length: 5 }, () => runAwsrole(["whoami", "corp"], { env })),
      );
      expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
      expect(sts.callsOf("CreateOAuth2Token")).toHaveLength(1);
      expect(JSON.parse(readFileSync(cacheFile(), "utf8"))).toMatchObject({
        refreshToken: expect.not.stringContaining(refreshToken),
      });
    });
  });

  it("a login session that was never started: says what to run, exit 3", async () => {
    const finished = await run(`[profile p]\nlogin_session = arn:aws:iam::123456789012:user/Bob\n`);
    expect(finished).toMatchObject({ code: 3, stdout: "" });
    expect(finished.stderr).toMatch(/run: awsrole login p/);
  });

  it("web identity: unsigned, with the token of the moment", async () => {
    home = createRoleHome(sts, { config: role("web_identity_token_file = /nonexistent/token") });
    const missing = await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
      env: home.env,
    });
    expect(missing.stderr).toMatch(/the web identity token \/nonexistent\/token does not exist/);
    const file = join(home.path, "token");
    writeFileSync(file, "a.b.c\n");
    writeFileSync(home.configFile, role(`web_identity_token_file = ${file}`));
    await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
      env: home.env,
    });
    expect(sts.callsOf("AssumeRoleWithWebIdentity").at(-1)).toMatchObject({
      accessKeyId: undefined,
      params: { WebIdentityToken: "a.b.c" },
    });
  });

  describe("a foreign credential_process", () => {
    const script = (text: string): string => {
      const file = join(home.path, "helper");
      writeFileSync(file, `#!/bin/sh\n${text}\n`);
      chmodSync(file, 0o755);
      return file;
    };
    const withHelper = async (text: string, more = "") => {
      home = createRoleHome(sts, { config: "" });
      const config =
        role("source_profile = corp") +
        `[profile corp]\ncredential_process = ${script(text)}${more}\n`;
      writeFileSync(home.configFile, config);
      return runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
        env: home.env,
      });
    };
    const answer = () =>
      `echo '${JSON.stringify({ Version: 1, AccessKeyId: sts.bob.accessKeyId, SecretAccessKey: sts.bob.secretAccessKey })}'`;

    it("is run without a shell, its words as the AWS CLI splits them", async () => {
      expect(
        await withHelper(
          `[ "$1" = 'a b;$HOME' ] && ${answer()}`,
          ` "a b;\\$HOME"`.replace("\\\\", "\\"),
        ),
      ).toBeDefined();
      await home.remove();
      expect(await withHelper(`[ "$1" = 'a b' ] && ${answer()}`, ` 'a b'`)).toMatchObject({
        code: 0,
        stderr: "",
      });
    });
    it("that gives no account has the profile's", async () => {
      home = createRoleHome(sts);
      const file = script(answer());
      writeFileSync(
        home.configFile,
        `[profile corp]\ncredential_process = ${file}\naws_account_id = 123456789012\n`,
      );
      const { stdout } = await runAwsrole(
        ["credential-process", "--profile", "corp", "--store", "none"],
        { env: home.env },
      );
      expect(JSON.parse(stdout)).toMatchObject({ AccountId: "123456789012" });
    });

    const bad: readonly (readonly [string, string, RegExp])[] = [
      [
        "gives ended credentials",
        `echo '{"Version":1,"AccessKeyId":"SECRET","SecretAccessKey":"SECRET","SessionToken":"SECRET","Expiration":"2020-01-01T00:00:00Z"}'`,
        /returned credentials that expired at 2020-01-01T00:00:00Z/,
      ],
      ["fails", "echo SECRET; echo SECRET >&2; exit 7", /it failed \(exit code 7\)/],
      ["prints no JSON", "echo SECRET", /its output is not credential_process JSON/],
      [
        "prints a version in quotes",
        `echo '{"Version":"1","AccessKeyId":"SECRET","SecretAccessKey":"SECRET"}'`,
        /its output is not credential_process JSON/,
      ],
      [
        "prints without end",
        "while :; do echo SECRETSECRETSECRETSECRETSECRETSECRETSECRET; done",
        /prints more than credentials/,
      ],
    ];
    it.each(bad)(
      "that %s: an error that repeats nothing of what it printed",
      async (_what, text, message) => {
        const finished = await withHelper(text);
        expect(finished).toMatchObject({ code: 1, stdout: "" });
        expect(finished.stderr).toMatch(message);
        expect(finished.stderr).not.toContain("SECRET");
      },
    );

    it("that asks awsrole for the same profile is refused at once, through a script too", async () => {
      const started = performance.now();
      const finished = await withHelper(`exec ${program.join(" ")} credential-process --profile p`);
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(performance.now() - started).toBeLessThan(9000);
    });
    it("that asks awsrole for another profile works", async () => {
      home = createRoleHome(sts);
      const config = readFileSync(home.configFile, "utf8");
      writeFileSync(
        home.configFile,
        `${config}\n[profile p]\ncredential_process = ${script(`exec ${program.join(" ")} credential-process --profile prod --store none`)}\n`,
      );
      expect(
        await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
          env: home.env,
        }),
      ).toMatchObject({ code: 0, stderr: "" });
    });
    it("names the circle of a line that asks awsrole itself", async () => {
      home = createRoleHome(sts);
      const config = readFileSync(home.configFile, "utf8");
      const line = `${program.join(" ")} credential-process --profile`;
      const others = [
        "granted credential-process --profile outer",
        // Another machine's profiles are not ours.
        "/nonexistent/ssh bastion awsrole credential-process --profile outer",
        "/nonexistent/awsrole-on-bastion credential-process --profile outer",
      ];
      const late = `${line.replace("--profile", "--no-input --profile")} outer`;
      for (const asked of [`${line} outer`, `${line}=outer`, late, ...others]) {
        writeFileSync(
          home.configFile,
          `${config}\n[profile p]\ncredential_process = ${asked}\n[profile outer]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = p\n`,
        );
        const { code, stderr } = await runAwsrole(["credential-process", "--profile", "outer"], {
          env: home.env,
        });
        expect(code).toBe(1);
        expect(stderr).toMatch(
          others.includes(asked)
            ? /cannot be started/
            : /^awsrole: circular source_profile: outer -> p -> \(a command of it\) -> outer\n/,
        );
      }
    });
    it("names the circle to each profile in it", async () => {
      home = createRoleHome(sts);
      const finished = await runAwsrole(["credential-process", "--profile", "prod"], {
        env: { ...home.env, AWSROLE_CHAIN: "outer,bob" },
      });
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toMatch(
        /^awsrole: circular source_profile: outer -> bob -> \(a command of it\) -> bob\n/,
      );
    });
  });
});
