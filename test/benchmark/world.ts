/** The same world for everybody who is measured: one keychain, one STS on the loopback, one home folder. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { missing } from "../support/installed.ts";
import { startKeychainDaemon } from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { program, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { peers } from "./peers.ts";
import { type Line, timeOnce } from "./timing.ts";

/** Where `npm run standalone` puts the program for this machine. */
export const standalone = resolve("standalone", `awsrole-${process.platform}-${process.arch}`);

export type World = {
  readonly sts: AwsDouble;
  /** For whatever the benchmark has to put somewhere. */
  readonly folder: string;
  readonly bareNode: Line;
  readonly hit: Line;
  /** The same by the stand-alone program, if it was built. */
  readonly standaloneHit: Line | undefined;
  /** A profile of a session without a sign-in: ends with 3. */
  readonly signedOut: Line;
  /** Everything that is timed run by run, bare node first. */
  readonly lines: readonly Line[];
  /** Commands for people that need neither network nor keychain. */
  readonly people: readonly Line[];
  /** The hit, from a config file of so many profiles. */
  hitAmong(profiles: number): Promise<Line>;
  /** Removes the session that `hit` asks for. */
  forget(): Promise<void>;
  /** What could not be measured, and why. */
  readonly absent: readonly string[];
  close(): Promise<void>;
};

const CREDENTIALS = /"SecretAccessKey": ?"/;

/** Starts the keychain and the double, and fetches the session once, so that hits are hits. */
export async function createWorld(): Promise<World> {
  const keychain = await startKeychainDaemon();
  const sts = await startAwsDouble();
  const home = createRoleHome(sts, { config: OTHER_PROFILES });
  const inHome = (name: string) => join(home.path, name);
  sts.identityCenter.addAccount({ accountId: "123456789012", roleNames: ["Reader"] });
  writeTokenFile(home.path, sts);
  const env = {
    ...home.env,
    ...sts.env,
    DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
  };
  const keyEnv = {
    ...env,
    AWS_ACCESS_KEY_ID: sts.bob.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sts.bob.secretAccessKey,
  };
  const awsrole = (...words: readonly string[]) => [...program, ...words];
  const line = (name: string, words: readonly string[], more: Partial<Line> = {}): Line => ({
    name,
    words,
    env,
    ...more,
  });
  const answering = (name: string, words: readonly string[], more: Partial<Line> = {}) =>
    line(name, words, { prints: CREDENTIALS, ...more });
  const itemOf = async (profile: string) => {
    const names = (await keychain.items()).map(({ attributes }) => attributes["username"] ?? "");
    return names.find((name) => name.startsWith(`session/v1/${profile}/`)) ?? "";
  };
  const secretTool = (verb: string, item: string) => {
    return ["secret-tool", verb, "service", "awsrole", "username", item];
  };
  const clear = async (item: string) => void (await runCommand(secretTool("clear", item), { env }));

  writeFileSync(inHome("empty.js"), "");
  writeFileSync(inHome("passphrase"), "a passphrase of the benchmark", { mode: 0o600 });
  writeFileSync(inHome("store-key"), randomBytes(32), { mode: 0o600 });
  const bareNode = line("bare node", [process.execPath, inHome("empty.js")]);
  const credentialProcess = ["credential-process", "--profile"];
  const hit = answering("cache hit, keychain", awsrole(...credentialProcess, "prod"));
  const fresh = awsrole(...credentialProcess, "fresh");
  await timeOnce(hit);
  await timeOnce(answering("miss", fresh));
  const ssoHit = answering("cache hit, SSO role", awsrole(...credentialProcess, "sso"));
  await timeOnce(ssoHit);
  const [hitItem, freshItem] = [await itemOf("prod"), await itemOf("fresh")];

  const lines: Line[] = [
    bareNode,
    hit,
    ssoHit,
    answering("cache hit, encrypted file", hit.words, {
      env: {
        ...env,
        AWSROLE_STORE: "file",
        AWSROLE_PASSPHRASE_FILE: inHome("passphrase"),
        AWSROLE_STATE_DIR: inHome("file-state"),
      },
    }),
    answering("cache hit, encrypted file with a key file", hit.words, {
      env: {
        ...env,
        AWSROLE_STORE: "file",
        AWSROLE_KEY_FILE: inHome("store-key"),
        AWSROLE_STATE_DIR: inHome("key-file-state"),
      },
    }),
    answering("ten-line SDK script", [process.execPath, resolve("test/benchmark/sdk-script.mjs")], {
      env: { ...keyEnv, AWS_REGION: "eu-west-1" },
    }),
    answering("miss", fresh, { before: () => clear(freshItem) }),
    line("secret-tool lookup", secretTool("lookup", hitItem), { prints: /"secretAccessKey":"/ }),
  ];
  const absent: string[] = [];
  const standaloneHit = existsSync(standalone)
    ? answering("stand-alone program, cache hit", [standalone, ...credentialProcess, "prod"])
    : undefined;
  if (standaloneHit !== undefined) {
    lines.push(
      standaloneHit,
      answering("stand-alone program, miss", [standalone, ...credentialProcess, "fresh"], {
        before: () => clear(freshItem),
      }),
    );
  } else absent.push("the stand-alone program (npm run standalone builds it)");

  const noAws = missing("aws");
  if (noAws === undefined) {
    const whoami = (profile: string) => ["aws", "sts", "get-caller-identity", "--profile", profile];
    lines.push(
      line("AWS CLI, Bob's key, no role", whoami("bob")),
      line("AWS CLI, its own role profile, warm", whoami("standard")),
      line("AWS CLI, the same with awsrole", whoami("prod")),
    );
  } else absent.push(`the AWS CLI (${noAws})`);
  for (const { name, prepare, words, variables } of peers) {
    const notThere = missing(name);
    if (notThere !== undefined) {
      absent.push(`${name} (${notThere})`);
      continue;
    }
    try {
      for (const command of prepare)
        await timeOnce(
          line(`${name} ${command[0]}`, [name, ...command], { env: { ...keyEnv, ...variables } }),
        );
      const peer = answering(`${name}, cache hit`, [name, ...words], {
        env: { ...env, ...variables },
      });
      await timeOnce(peer);
      lines.push(peer);
    } catch (error) {
      absent.push(`${name} (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  return {
    sts,
    folder: home.path,
    bareNode,
    hit,
    standaloneHit,
    signedOut: line("without a sign-in", awsrole(...credentialProcess, "signed-out")),
    lines,
    people: [["--version"], ["--help"], ["add-profile", "--help"], ["list"], ["config"]].map(
      (words) => line(`awsrole ${words.join(" ")}`, awsrole(...words)),
    ),
    hitAmong: async (profiles) => {
      const file = inHome(`config-${profiles}`);
      writeFileSync(file, configOf(profiles));
      const among = {
        ...hit,
        name: `one profile of ${profiles}`,
        env: { ...env, AWS_CONFIG_FILE: file },
      };
      await timeOnce(among);
      return among;
    },
    forget: () => clear(hitItem),
    absent,
    close: async () => {
      await keychain.stop();
      await sts.close();
      await home.remove();
    },
  };
}

/** A sign-in to `corp`, as the AWS CLI leaves it. */
function writeTokenFile(folder: string, aws: AwsDouble): void {
  const cache = join(folder, ".aws/sso/cache");
  mkdirSync(cache, { recursive: true });
  const name = createHash("sha1").update("corp").digest("hex");
  writeFileSync(join(cache, `${name}.json`), JSON.stringify(aws.identityCenter.signIn()), {
    mode: 0o600,
  });
}

/** `fresh` is what a miss asks for; `standard` is the same role without us, which botocore caches in a plain file. */
const OTHER_PROFILES = `
[profile fresh]
awsrole_role_arn = arn:aws:iam::123456789012:role/example-role
awsrole_source_profile = bob
region = eu-west-1

[profile sso]
awsrole_sso_session = corp
awsrole_sso_account_id = 123456789012
awsrole_sso_role_name = Reader
region = eu-west-1

[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1

[profile signed-out]
awsrole_sso_session = other
awsrole_sso_account_id = 123456789012
awsrole_sso_role_name = Reader
region = eu-west-1

[sso-session other]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1

[profile standard]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = bob
region = eu-west-1
`;

/** Our profile is in the middle of the others. */
function configOf(profiles: number): string {
  const sections = Array.from({ length: profiles - 1 }, (_, index) => sectionOf(`team-${index}`));
  sections.splice(profiles / 2, 0, sectionOf("prod", "example-role"));
  return sections.join("\n");
}

function sectionOf(name: string, role = name): string {
  return `[profile ${name}]
credential_process = /usr/local/bin/awsrole credential-process --profile ${name}
region = eu-west-1
awsrole_role_arn = arn:aws:iam::123456789012:role/${role}
awsrole_source_profile = bob
awsrole_role_session_name = AWSCLI-Session
`;
}
