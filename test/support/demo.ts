/**
 * `npm run demo`: the main job on a machine with nothing but node. STS is the double on the loopback, HOME a temporary folder, the
 * store the OS keychain where there is one that answers, else an encrypted file.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startAwsDouble, type AwsDouble } from "./aws-double.ts";

const sts = await startAwsDouble();
const home = mkdtempSync(join(tmpdir(), "awsrole-demo-"));
try {
  await demo(sts, home);
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await sts.close();
  rmSync(home, { recursive: true, force: true });
}

async function demo({ bob, url, callsOf }: AwsDouble, home: string): Promise<void> {
  mkdirSync(join(home, ".aws"));
  mkdirSync(join(home, "run"), { mode: 0o700 });
  writeFileSync(
    join(home, ".aws", "credentials"),
    `[bob]\naws_access_key_id = ${bob.accessKeyId}\naws_secret_access_key = ${bob.secretAccessKey}\n`,
    { mode: 0o600 },
  );
  writeFileSync(join(home, "passphrase"), randomBytes(24).toString("base64url"), { mode: 0o600 });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    USERPROFILE: home,
    XDG_STATE_HOME: join(home, "state"),
    AWS_ENDPOINT_URL_STS: url,
  };
  for (const name of Object.keys(env))
    if (/^AWS_(?!ENDPOINT_URL_STS)|^AWSROLE_/.test(name)) delete env[name];

  console.log(
    "A person has an IAM user's key in ~/.aws/credentials ([bob]) and a role to assume. STS here is a double on the loopback.\n",
  );
  await run(
    env,
    "add-profile",
    "awsrole-demo",
    "--role-arn",
    "arn:aws:iam::123456789012:role/example-role",
    "--source-profile",
    "bob",
    "--role-session-name",
    "AWSCLI-Session",
  );
  let store = "the OS keychain";
  const probe = await run(
    { ...env, AWSROLE_STORE: "keychain" },
    "whoami",
    "awsrole-demo",
    "--quiet",
  );
  if (probe.code === 0) env["AWSROLE_STORE"] = "keychain";
  else {
    store = "an encrypted file (no OS keychain answers here)";
    Object.assign(env, {
      AWSROLE_STORE: "file",
      AWSROLE_PASSPHRASE_FILE: join(home, "passphrase"),
      XDG_RUNTIME_DIR: join(home, "run"),
    });
  }
  await must(run(env, "logout", "--all", "--quiet"));

  const before = callsOf("AssumeRole").length;
  const first = await must(run(env, "credential-process", "--profile", "awsrole-demo"));
  console.log(`  -> AssumeRole calls: ${callsOf("AssumeRole").length - before}\n`);
  const second = await must(run(env, "credential-process", "--profile", "awsrole-demo"));
  console.log(
    `  -> AssumeRole calls: ${callsOf("AssumeRole").length - before} (the second answer came from the store)\n`,
  );
  if (first.stdout !== second.stdout || callsOf("AssumeRole").length !== before + 1)
    throw new Error("the second call was not answered from the store");
  await must(run(env, "whoami", "awsrole-demo"));
  await must(run(env, "logout", "--all"));
  console.log(`\nThe session was kept in ${store}.`);
}

type Finished = { code: number | null; stdout: string };

async function must(running: Promise<Finished>): Promise<Finished> {
  const finished = await running;
  if (finished.code !== 0) throw new Error(`a command ended with ${finished.code}`);
  return finished;
}

/** Shows the command and what it printed, secrets shortened. */
function run(env: NodeJS.ProcessEnv, ...words: readonly string[]): Promise<Finished> {
  const isProbe = words.includes("--quiet");
  if (!isProbe) console.log(`$ awsrole ${words.join(" ")}`);
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [resolve("bin", "awsrole.js"), ...words], {
      env,
      stdio: ["ignore", "pipe", isProbe ? "ignore" : "inherit"],
    });
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.once("error", reject).once("close", (code) => {
      if (!isProbe) console.log(shorten(stdout).trimEnd());
      done({ code, stdout });
    });
  });
}

function shorten(output: string): string {
  return output.replaceAll(/("(?:SecretAccessKey|SessionToken)":")([^"]{4})[^"]*/g, "$1$2...");
}
