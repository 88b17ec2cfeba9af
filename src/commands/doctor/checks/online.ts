/** What only AWS can tell, for `--online`: whether it is reached, what time it is there, how old keys are; and whether what the rows list is in the store. */
import type { Context } from "../../../foundation/context.ts";
import { createRequestHandler } from "../../../aws/http.ts";
import { stsAddress } from "../../../aws/sts.ts";
import type { AwsFiles } from "../../../config/files.ts";
import type { StsConnection } from "../../../config/connection.ts";
import { type Hop, resolveChain } from "../../../credentials/chain.ts";
import type { IndexEntry } from "../../../state/item-index.ts";
import { deadlineFromNow, deadlineMs } from "../../../foundation/deadline.ts";
import { storeOpener } from "../../../sessions/open-store.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { openSourceIam } from "../../../profiles/source-iam.ts";
import type { Finding } from "../finding.ts";

type Arguments = {
  readonly store: string | undefined;
  readonly input: boolean;
  readonly quiet: boolean;
};

/** Every check that contacts AWS or opens items of the store, for these profiles. */
export async function checkOnline(
  context: Context,
  files: AwsFiles,
  names: readonly string[],
  rows: readonly IndexEntry[],
  args: Arguments,
): Promise<readonly Finding[]> {
  const chains = names.flatMap((name) => chainOf(files, name, context) ?? []);
  const connections = new Map<string, StsConnection>();
  for (const hop of chains) {
    if (hop.kind === "role" || hop.kind === "user-session")
      connections.set((await stsAddress(hop.connection)).href, hop.connection);
  }
  const reached = await Promise.all(
    [...connections].map(([url, connection]) => reach(context, url, connection)),
  );
  const findings = reached.flat();
  findings.push(...(await missingItems(context, rows, args)));
  if (findings.some(({ id }) => id === "aws-unreachable")) return findings;
  for (const hop of chains) findings.push(...(await keyAge(context, hop, args)));
  return findings;
}

function chainOf(files: AwsFiles, name: string, { env }: Context): Hop | undefined {
  try {
    return resolveChain(files, name, env);
  } catch {
    // The other checks have said why.
    return undefined;
  }
}

/** Any answer will do: it has AWS's time on it. */
async function reach(
  { clock }: Context,
  endpoint: string,
  connection: StsConnection,
): Promise<Finding[]> {
  const { protocol, hostname, port, host } = new URL(endpoint);
  const deadline = deadlineFromNow(deadlineMs.unattended);
  try {
    const { response } = await createRequestHandler(connection, () =>
      deadline.remainingMs(),
    ).handle({
      protocol,
      hostname,
      ...(port === "" ? {} : { port: Number(port) }),
      path: "/",
      method: "GET",
      headers: { host },
    });
    const date = Date.parse(response.headers["date"] ?? "");
    const seconds = Math.round((clock.now().getTime() - date) / 1000);
    if (!(Math.abs(seconds) > allowedSkewSeconds)) return [];
    return [
      {
        id: "clock-wrong",
        what: `this machine's clock is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} AWS's`,
        fix: "set the clock (timedatectl set-ntp true; in WSL: sudo hwclock -s)",
      },
    ];
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return [
      {
        id: "aws-unreachable",
        what: `${endpoint}: ${error.message}`,
        fix: error.hint ?? "check your network, HTTPS_PROXY and AWS_CA_BUNDLE",
      },
    ];
  }
}

const allowedSkewSeconds = 300;

async function missingItems(
  context: Context,
  rows: readonly IndexEntry[],
  args: Arguments,
): Promise<Finding[]> {
  const open = storeOpener(context, args);
  const findings: Finding[] = [];
  for (const { account, store, profile, kind, expiresAt } of rows) {
    if (expiresAt !== undefined && Date.parse(expiresAt) < context.clock.now().getTime()) continue;
    try {
      if ((await (await open(store)).get(account)) !== undefined) continue;
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      continue;
    }
    findings.push({
      id: "item-missing",
      profile,
      what: `the store ${store} should contain ${account}, and does not`,
      fix:
        kind === "key"
          ? `awsrole add-key ${profile}`
          : kind === "seed"
            ? `awsrole add-mfa ${profile}`
            : kind === "sign-in"
              ? `awsrole login ${profile.split(" ").at(-1)}`
              : `awsrole logout ${profile}`,
    });
  }
  return findings;
}

async function keyAge(context: Context, hop: Hop, args: Arguments): Promise<Finding[]> {
  const base = hop.kind === "user-session" ? hop.signer : hop;
  if (base.kind !== "base") return [];
  const { source, profileName: profile } = base;
  const isKey =
    source.kind === "keychain-key" ||
    (source.kind === "static" && source.sessionToken === undefined);
  if (!isKey) return [];
  try {
    const iam = await openSourceIam(context, profile, args);
    const keys = await iam.listAccessKeys();
    const created = keys.find(({ accessKeyId }) => accessKeyId === source.accessKeyId)?.createdAt;
    const days = Math.floor(
      (context.clock.now().getTime() - (created?.getTime() ?? Number.NaN)) / dayMs,
    );
    if (!(days > 90)) return [];
    return [
      {
        id: "key-old",
        profile,
        what: `access key ${source.accessKeyId} is ${days} days old`,
        fix: `awsrole rotate-key ${profile}`,
      },
    ];
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return [
      {
        id: "key-unchecked",
        profile,
        what: `cannot get the age of access key ${source.accessKeyId}: ${error.message}`,
        fix: error.hint ?? "check the key in the IAM console",
      },
    ];
  }
}

const dayMs = 24 * 3600 * 1000;
