/** Puts rows to awsrole, in this process, and to botocore, in a process that stays: both in the closed world, on the same files. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { processContext } from "../../src/context.ts";
import { isAwsRoleError } from "../../src/foundation/errors.ts";
import { fetchCredentials } from "../../src/sessions/fetch-credentials.ts";
import { formatExpiration } from "../../src/aws/credentials.ts";
import type { World, WorldRequest } from "../support/closed-world/servers.ts";
import { signerOf, violationsOf } from "../support/closed-world/aws.ts";
import { type Asked, type OracleRow, processScript, type Result } from "./row.ts";

/** Both programs' results for a row. */
export type Pair = {
  readonly ours: Result;
  readonly theirs: Result;
  /** What AWS's models forbid of our requests. */
  readonly violations: readonly string[];
};

export type Asking = {
  ask(row: OracleRow): Promise<Pair>;
  close(): void;
};

/** Opens both programs in `world`. `scripts`: the folder of ask-botocore.py. */
export function openAsking(world: World, scripts: string): Asking {
  // A home for each row: the AWS SDK keeps the files that it read, by their path, for as long as the process lives.
  const homes = mkdtempSync(join(tmpdir(), "oracle-homes-"));
  let home = homes;
  const python = spawn("python3", [join(scripts, "ask-botocore.py")], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, HOME: homes },
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const inherited = { ...process.env };

  const prepare = (row: OracleRow): NodeJS.ProcessEnv => {
    rmSync(home, { recursive: true, force: true });
    home = join(homes, row.title.replaceAll(/\W+/g, "-"));
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), text.replaceAll("@HOME@", home));
    };
    put(".aws/config", row.config);
    if (row.credentials !== undefined) put(".aws/credentials", row.credentials);
    for (const [path, text] of Object.entries(row.files ?? {})) put(path, text);
    put("bin/process", processScript);
    chmodSync(join(home, "bin/process"), 0o755);
    return {
      PATH: `${join(home, "bin")}:${inherited["PATH"]}`,
      HOME: home,
      HTTPS_PROXY: world.proxyUrl,
      AWS_CA_BUNDLE: world.caFile,
      XDG_RUNTIME_DIR: join(home, "run"),
      ...Object.fromEntries(
        Object.entries(row.env ?? {}).map(([name, value]) => [
          name,
          value.replaceAll("@HOME@", home),
        ]),
      ),
    };
  };
  const resultOf = (
    outcome: Result["outcome"],
    reason: string,
    requests: readonly WorldRequest[],
  ): Result => ({
    outcome,
    reason,
    asked: requests.map((request) => describe(request)),
    processes: processesIn(home),
  });

  return {
    ask: async (row) => {
      const ourEnv = prepare(row);
      mkdirSync(join(home, "run"), { mode: 0o700 });
      for (const name of Object.keys(process.env)) delete process.env[name];
      Object.assign(process.env, ourEnv, { AWSROLE_STORE: "none" });
      const [outcome, reason] = await askAwsrole(home);
      Object.assign(process.env, inherited);
      const requests = world.take();
      const ours = resultOf(outcome, reason, requests);
      const env = prepare(row);
      python.stdin.write(`${JSON.stringify({ profile: "p", env })}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error("botocore ended");
      const { reason: why, ...theirs } = JSON.parse(line.value) as Result["outcome"] & {
        reason?: string;
      };
      return {
        ours,
        theirs: resultOf(theirs, why ?? "", world.take()),
        violations: requests.flatMap((request) => violationsOf(request)),
      };
    },
    close: () => {
      python.stdin.end();
      rmSync(homes, { recursive: true, force: true });
    },
  };
}

async function askAwsrole(home: string): Promise<readonly [Result["outcome"], string]> {
  const context = { ...processContext(), homeFolder: home, stdout: () => {}, stderr: () => {} };
  try {
    const { credentials } = await fetchCredentials(context, "p", {
      store: "none",
      quiet: true,
      input: false,
      "force-refresh": false,
      "mfa-code": "123456",
    });
    const { accessKeyId, secretAccessKey, sessionToken, accountId, expiresAt } = credentials;
    return [
      {
        kind: "credentials",
        accessKeyId,
        secretAccessKey,
        sessionToken: sessionToken ?? "",
        accountId: accountId ?? "",
        expiration: expiresAt === undefined ? "" : formatExpiration(expiresAt),
      },
      "",
    ];
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return [{ kind: "refused" }, `${error.code}: ${error.message} (${error.hint ?? "no hint"})`];
  }
}

/** Said by each program about itself or the connection, and of no meaning to AWS. */
const ownHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "amz-sdk-invocation-id",
  "amz-sdk-request",
  "authorization",
  "connection",
  "content-length",
  "host",
  "user-agent",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-user-agent",
]);

function describe(request: WorldRequest): Asked {
  const { scheme, host, port, method, path, query, headers, body } = request;
  const authorization = headers["authorization"] ?? "";
  const scope = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(authorization);
  return {
    where: `${scheme}://${host}:${port}`,
    what: `${method} ${path}`,
    query: Object.fromEntries(query),
    signedBy: signerOf(request) ?? authorization,
    signedFor: scope === null ? "" : `${scope[1]}/${scope[2]}`,
    headers: Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => !ownHeaders.has(name))
        // How the text of a form is encoded is said by some and known to all.
        .map(([name, value]) => [
          name,
          name === "dpop" ? proofOf(value) : value.replace("; charset=utf-8", ""),
        ]),
    ),
    body: readBody(headers["content-type"] ?? "", body),
  };
}

/** What a DPoP proof is for; its id and time are its own. */
function proofOf(proof: string): string {
  const claims = proof.split(".")[1] ?? "";
  const { htm, htu } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<
    string,
    string
  >;
  return `${htm} ${htu}`;
}

function readBody(type: string, body: string): Record<string, unknown> {
  if (body === "") return {};
  if (type.includes("json")) return JSON.parse(body) as Record<string, unknown>;
  return Object.fromEntries(new URLSearchParams(body));
}

function processesIn(home: string): string[] {
  try {
    return readFileSync(join(home, "ran"), "utf8").trimEnd().replaceAll(home, "@HOME@").split("\n");
  } catch {
    return [];
  }
}
