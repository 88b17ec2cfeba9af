/** The same world for everybody who is measured: one keychain, one STS on the loopback, one home folder. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSourceProgram } from "../support/bundle.ts";
import { missing } from "../support/installed.ts";
import { startKeychainDaemon } from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { program, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { peerLines } from "./peers.ts";
import { peopleLines } from "./people.ts";
import { type Line, timeOnce } from "./timing.ts";

/** Where `npm run standalone` puts the program for this machine. */
export const standalone = resolve("standalone", `awsrole-${process.platform}-${process.arch}`);
/** floor.ts for the same runtime: `npm run standalone -- floor`. */
const standaloneFloor = resolve("standalone", `floor-${process.platform}-${process.arch}`);

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
  /** Commands for people that need neither network nor keychain, bare node first. */
  readonly people: readonly Line[];
  /** What has to read every profile, among so many. */
  amongProfiles(profiles: number): readonly Line[];
  /** The hit, from a config file of so many profiles. */
  hitAmong(profiles: number): Promise<Line>;
  /** Removes the session that `hit` asks for. */
  forget(): Promise<void>;
  /** What could not be measured, and why. */
  readonly absent: readonly string[];
  close(): Promise<void>;
};

const CREDENTIALS = /"SecretAccessKey": ?"/;

/** A folder in memory, where an opened key may be kept. */
const MEMORY = "/dev/shm";

/**
 * Starts the keychain and the double, and fetches the session once, so that hits are hits. No line has more of this machine's environment than PATH:
 * with NODE_EXTRA_CA_CERTS node reads that file at every start, which takes longer than all that is measured here.
 */
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

  const floorProgram = await buildSourceProgram(`import "../benchmark/floor.ts";`);
  const socket = /unix:path=([^,;]+)/.exec(env.DBUS_SESSION_BUS_ADDRESS ?? "")?.[1] ?? "";
  const withPassphrase = { AWSROLE_PASSPHRASE_FILE: inHome("passphrase") };
  const inFileStore = (stateFolder: string, more: NodeJS.ProcessEnv) => ({
    ...env,
    AWSROLE_STORE: "file",
    AWSROLE_STATE_DIR: inHome(stateFolder),
    ...more,
  });
  const keyFile = inFileStore("key-file-state", { AWSROLE_KEY_FILE: inHome("store-key") });

  const lines: Line[] = [
    bareNode,
    hit,
    answering("floor of node", [process.execPath, floorProgram.path, socket, hitItem]),
    ssoHit,
    answering("cache hit, encrypted file, passphrase each time", hit.words, {
      env: inFileStore("file-state", withPassphrase),
    }),
    answering("cache hit, encrypted file with a key file", hit.words, { env: keyFile }),
    answering("ten-line SDK script", [process.execPath, resolve("test/benchmark/sdk-script.mjs")], {
      env: { ...keyEnv, AWS_REGION: "eu-west-1" },
    }),
    answering("miss", fresh, { before: () => clear(freshItem) }),
    line("secret-tool lookup", secretTool("lookup", hitItem), { prints: /"secretAccessKey":"/ }),
  ];
  const absent: string[] = [];
  let inMemory: string | undefined;
  if (existsSync(MEMORY)) {
    inMemory = mkdtempSync(join(MEMORY, "awsrole-bench-"));
    const kept = inFileStore("kept-key-state", { XDG_RUNTIME_DIR: inMemory });
    const line = answering("cache hit, encrypted file with its key kept", hit.words, { env: kept });
    await timeOnce({ ...line, env: { ...kept, ...withPassphrase } });
    lines.push(line);
  } else absent.push(`an encrypted file with its key kept (there is no ${MEMORY})`);
  const standaloneHit = existsSync(standalone)
    ? answering("stand-alone program, cache hit", [standalone, ...credentialProcess, "prod"])
    : undefined;
  if (standaloneHit !== undefined) {
    lines.push(
      standaloneHit,
      answering("stand-alone program, encrypted file with a key file", standaloneHit.words, {
        env: keyFile,
      }),
      answering("stand-alone program, miss", [standalone, ...credentialProcess, "fresh"], {
        before: () => clear(freshItem),
      }),
    );
  } else absent.push("the stand-alone program (npm run standalone builds it)");
  if (existsSync(standaloneFloor))
    lines.push(answering("floor of the stand-alone program", [standaloneFloor, socket, hitItem]));
  else absent.push("the floor of the stand-alone program (npm run standalone -- floor builds it)");

  const noAws = missing("aws");
  if (noAws === undefined) {
    const whoami = (profile: string) => ["aws", "sts", "get-caller-identity", "--profile", profile];
    lines.push(
      line("AWS CLI, Bob's key, no role", whoami("bob")),
      line("AWS CLI, its own role profile, warm", whoami("standard")),
      line("AWS CLI, the same with awsrole", whoami("prod")),
    );
  } else absent.push(`the AWS CLI (${noAws})`);
  const found = await peerLines(sts, home.path, { env, keyEnv });
  lines.push(...found.lines);
  absent.push(...found.absent);
  const configAmong = (profiles: number) => {
    const file = inHome(`config-${profiles}`);
    if (!existsSync(file)) writeFileSync(file, configOf(profiles));
    return { AWS_CONFIG_FILE: file };
  };

  return {
    sts,
    folder: home.path,
    bareNode,
    hit,
    standaloneHit,
    signedOut: line("without a sign-in", awsrole(...credentialProcess, "signed-out")),
    lines,
    people: [bareNode, ...peopleLines(existsSync(standalone) ? standalone : undefined, env)],
    amongProfiles: (profiles) => {
      const among = { ...env, ...configAmong(profiles) };
      return [["list"], ["explain", "prod"], ["doctor"]].map((words) => ({
        ...line(`${words.join(" ")}, of ${profiles} profiles`, awsrole(...words)),
        env: among,
        // It finds that there is no such program.
        ...(words[0] === "doctor" ? { code: 1 } : {}),
      }));
    },
    hitAmong: async (profiles) => {
      const among = {
        ...hit,
        name: `one profile of ${profiles}`,
        env: { ...env, ...configAmong(profiles) },
      };
      await timeOnce(among);
      return among;
    },
    forget: () => clear(hitItem),
    absent,
    close: async () => {
      found.close();
      floorProgram.remove();
      if (inMemory !== undefined) rmSync(inMemory, { recursive: true, force: true });
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

[profile standard-mfa]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = bob
mfa_serial = arn:aws:iam::123456789012:mfa/Bob
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
