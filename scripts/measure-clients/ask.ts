/** In the closed world: puts every mixture to one client after another, and writes what each did into the folder `answers`. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Outcome } from "../../src/clients/client-names.ts";
import { rolesWithMore, singlesAndPairs } from "../../test/oracle/ingredients.ts";
import { type OracleRow, processScript } from "../../test/oracle/row.ts";
import { answerAsAws, signerOf } from "../../test/support/closed-world/aws.ts";
import { startWorld, type WorldRequest } from "../../test/support/closed-world/servers.ts";
import { allDrivers, type Driver } from "./clients.ts";

const [folder = "", authorities = "", ...chosen] = process.argv.slice(2);
const world = await startWorld(answerAsAws, { isDirect: true });
copyFileSync(world.caFile, authorities);
const truststore = join(folder, "truststore");
spawnSync("rm", ["-f", truststore]);
execFileSync(
  "keytool",
  `-importcert -noprompt -alias world -file ${world.caFile} -keystore ${truststore} -storepass changeit`.split(
    " ",
  ),
  { stdio: "ignore" },
);
mkdirSync(join(folder, "answers"), { recursive: true });
const homes = mkdtempSync(join(tmpdir(), "clients-"));
/** One mixture of so many. */
const share = Number(process.env["ASKED_SHARE"] ?? "1");
const mixtures = [
  ...new Map([...singlesAndPairs(), ...rolesWithMore()].map((row) => [row.title, row])).values(),
].filter((_, index) => index % share === 0);

for (const driver of allDrivers.filter(({ client }) => chosen.includes(client))) {
  const answers: Record<string, Outcome> = {};
  const ask = driver.isBatch ? openBatch(driver) : (home: string) => askOnce(driver, home);
  for (const row of mixtures) {
    const home = prepare(row);
    world.take();
    const line = await ask(home);
    answers[row.title] = outcomeOf(line, world.take(), row);
    if (process.env["VERBOSE"] !== undefined)
      console.error(driver.client, row.title, answers[row.title], line.slice(0, 200));
  }
  const measured = { client: driver.client, version: driver.version(folder), answers };
  writeFileSync(join(folder, "answers", `${driver.client}.json`), JSON.stringify(measured));
}
process.exit(0);

/** A home folder with a row's files. */
function prepare(row: OracleRow): string {
  const home = mkdtempSync(join(homes, "home-"));
  // A JVM looks for its home once: the tokens of SSO and aws login, which are the same in every row, are there too.
  for (const [path, text] of Object.entries(row.files ?? {})) {
    mkdirSync(dirname(join(homes, path)), { recursive: true });
    writeFileSync(join(homes, path), text);
  }
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text.replaceAll("@HOME@", home));
  };
  put(".aws/config", row.config);
  // Java v1 reads the credentials file in place of the config file: no file where there is nothing in it.
  if (row.credentials !== undefined) put(".aws/credentials", row.credentials);
  for (const [path, text] of Object.entries(row.files ?? {})) put(path, text);
  put("bin/process", processScript);
  chmodSync(join(home, "bin/process"), 0o755);
  return home;
}

function environment(home: string): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS"))),
    // A python of pyenv looks for itself below HOME.
    JAVA_TOOL_OPTIONS: `-Duser.home=${homes}`,
    PYENV_ROOT: process.env["PYENV_ROOT"] ?? join(process.env["HOME"] ?? "", ".pyenv"),
    HOME: home,
    AWS_PROFILE: "p",
    AWS_DEFAULT_PROFILE: "p",
    AWS_SDK_LOAD_CONFIG: "1",
    AWS_CA_BUNDLE: world.caFile,
    SSL_CERT_FILE: world.caFile,
    NODE_EXTRA_CA_CERTS: world.caFile,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}

async function askOnce({ command }: Driver, home: string): Promise<string> {
  const [program = "", ...words] = command(folder, process.cwd(), truststore);
  const child = spawn(program, words, {
    env: environment(home),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  let text = "";
  for await (const piece of child.stdout) text += String(piece);
  clearTimeout(timer);
  return text.trim().split("\n").at(-1) ?? "";
}

function openBatch({ command }: Driver): (home: string) => Promise<string> {
  const [program = "", ...words] = command(folder, process.cwd(), truststore);
  const child = spawn(program, words, {
    env: environment(homes),
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (home) => {
    child.stdin.write(`${home}\n`);
    const line = await lines.next();
    return line.done === true ? "error it ended" : line.value;
  };
}

/** What a client did, by the key that it came out with and by what it asked. */
function outcomeOf(line: string, requests: readonly WorldRequest[], row: OracleRow): Outcome {
  if (!line.startsWith("ok ")) return "error";
  const key = line.slice(3).trim();
  if (key.startsWith("ASIAPROCESS")) return "process";
  if (/^AKIA(?:CONFIGKEY|FILEKEY|CAPITAL)$/.test(key)) return "key";
  if (key.startsWith("ASIAREADER")) return "sso";
  if (key.startsWith("ASIALOGIN")) return "login";
  const assumed = requests.find(({ body }) => /Action=AssumeRole/.test(body));
  // The machine's own credentials, behind the profile.
  if (assumed === undefined) return "unusable";
  if (assumed.body.includes("WithWebIdentity")) return "web-identity";
  if (signerOf(assumed)?.startsWith("ASIAPROCESS")) return "process-then-role";
  const asksForCode = row.config.includes("mfa_serial");
  return asksForCode && !assumed.body.includes("TokenCode=") ? "role-without-code" : "role";
}
