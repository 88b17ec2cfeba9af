/** Composition: a context and the command's choices become what the steps work with. */
import { printWarning } from "../../cli/messages.ts";
import type { Credentials } from "../../aws/credentials.ts";
import type { Context } from "../../foundation/context.ts";
import { setTimeout as pause } from "node:timers/promises";
import { credentialProcessLine, findProgram, runningProgram } from "../../program/program-path.ts";
import { connectionFor, defaultRegions, partitionOf } from "../../config/connection.ts";
import { readAwsFiles } from "../../config/files.ts";
import { keyAccount } from "../../credentials/cache/item-names.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { type FetchArguments, fetchCredentials } from "../../sessions/fetch-credentials.ts";
import { createKeyStore } from "../../keys/key-store.ts";
import { verifyKey } from "../../keys/verify-key.ts";
import { type OpenStore, prepareStore } from "../../sessions/open-store.ts";
import { editConfig } from "../../profiles/edit-config.ts";
import { type Found, findTagValue } from "./ownership.ts";
import { makePlan, type SetupChoices } from "./plan.ts";
import type { SetupRecords } from "./record.ts";
import type { SetupContext } from "./context.ts";

export type OpenedSetup = {
  readonly world: SetupContext;
  readonly store: OpenStore;
  /** Who the administrator is, by AWS. */
  readonly adminArn: string;
  /** What to know about the program that the profiles will name. */
  readonly warnings: readonly string[];
};

export type SetupOptions = {
  readonly choices: SetupChoices;
  readonly adminProfile: string;
  readonly region: string | undefined;
  readonly command: string | undefined;
  readonly records: SetupRecords;
  readonly deadline: Deadline;
  /** Resolves when a person agrees that what was found, without a record of it on this machine, is this setup's. */
  consent(found: readonly Found[], tagKey: string): Promise<void>;
  readonly args: Pick<FetchArguments, "store" | "quiet" | "input" | "mfa-code">;
};

/** Settings that say how AWS is reached: the new profiles have those of the administrator's. */
const connectionKeys = [
  "region",
  "ca_bundle",
  "endpoint_url",
  "services",
  "use_fips_endpoint",
  "use_dualstack_endpoint",
] as const;

/** Fetches the administrator's credentials and asks AWS who that is. @throws ERR_CONFIG_CONFLICT for another account than before. */
export async function createSetupContext(
  context: Context,
  options: SetupOptions,
): Promise<OpenedSetup> {
  const { choices, adminProfile, records, deadline } = options;
  const { env, platform } = context;
  const args = { ...options.args, "force-refresh": false };
  const program = findProgram(runningProgram(env, platform), options.command);
  const { credentials, files } = await fetchCredentials(context, adminProfile, {
    ...args,
    // The code that is given is one of the new user's device.
    "mfa-code": undefined,
  });
  const settings = files.profile(adminProfile) ?? new Map<string, never>();
  const connect = (service: "sts" | "iam") => connectionFor(context, files, adminProfile, service);
  const [{ createIam }, { createIamAdmin }, { createSts }] = await Promise.all([
    import("../../aws/iam.ts"),
    import("../../aws/iam-admin.ts"),
    import("../../aws/sts.ts"),
  ]);
  const sts = createSts(connect("sts"), deadline);
  const { arn: adminArn } = await sts.getCallerIdentity(credentials);
  const iamConnection = connect("iam");
  const admin = createIamAdmin(iamConnection, credentials, deadline);
  const draft = makePlan(choices, adminArn, records.find(choices.name)?.tag ?? "");
  assertSameAccount(records, draft);
  const plan =
    draft.tag.value === ""
      ? makePlan(
          choices,
          adminArn,
          await findTagValue(draft, admin, (found) => options.consent(found, draft.tag.key)),
        )
      : draft;
  const store = prepareStore(context, { ...args, files, deadline });
  const userKeys = createIam(iamConnection, credentials, deadline, plan.user);
  let session: Credentials | undefined;
  const world: SetupContext = {
    plan,
    adminProfile,
    connectionSettings: connectionSettingsOf(settings, options.region, regionOf(adminArn)),
    admin,
    userKeys,
    storeName: store.name,
    openKeys: async () => createKeyStore(await store.openStore(), store.rows),
    keptKey: async (accessKeyId) => {
      // The row is written before the key: what has none was never put into another store than this.
      const account = keyAccount(accessKeyId);
      const row = (await store.rows.list()).find((one) => one.account === account);
      return createKeyStore(await store.openNamedStore(row?.store ?? store.name), store.rows).get(
        accessKeyId,
      );
    },
    waitForKey: (key) => verifyKey(key, plan.userArn, { sts, deadline, pause }),
    identify: async (signer) => (await sts.getCallerIdentity(signer)).arn,
    iamAs: (signer) => createIamAdmin(iamConnection, signer, deadline),
    session: async () =>
      (session ??= (await fetchCredentials(context, plan.name, args)).credentials),
    readFiles: () => readAwsFiles(env, platform),
    editConfig: async (action, edit) =>
      void (await editConfig(context, { action, dryRun: false, edit })),
    processLine: (profile) => credentialProcessLine(program, profile),
    record: () => records.find(plan.name),
    remember: (change) =>
      records.put(plan.name, {
        ...records.find(plan.name),
        account: plan.account,
        adminProfile,
        userProfile: plan.userProfile,
        user: plan.user,
        role: plan.role,
        rolePolicyArns: plan.rolePolicyArns,
        mfa: plan.mfa,
        tag: plan.tag.value,
        ...change,
      }),
    now: () => context.clock.now(),
    warn: (text) => (args.quiet ? undefined : printWarning(context, text)),
  };
  return { world, store, adminArn, warnings: program.warnings };
}

function assertSameAccount(
  records: SetupRecords,
  { name, account }: { readonly name: string; readonly account: string },
): void {
  const record = records.find(name);
  if (record === undefined || record.account === account) return;
  throw new AwsRoleError(
    "ERR_CONFIG_CONFLICT",
    `the setup ${name} is in account ${record.account}, and the admin profile is in ${account}`,
    { hint: "name the admin profile of that account (--admin-profile), or choose another NAME" },
  );
}

function connectionSettingsOf(
  settings: ReadonlyMap<string, { readonly value: string }>,
  chosenRegion: string | undefined,
  otherwise: string | undefined,
): SetupContext["connectionSettings"] {
  return connectionKeys.flatMap((key) => {
    const own = settings.get(key)?.value || undefined;
    const value = key === "region" ? (chosenRegion ?? own ?? otherwise) : own;
    return value === undefined ? [] : [[key, value] as const];
  });
}

/** Outside the commercial partition a profile without a region would lead to the wrong one. */
function regionOf(arn: string): string | undefined {
  const partition = partitionOf(arn);
  return partition === undefined || partition === "aws" ? undefined : defaultRegions.get(partition);
}
