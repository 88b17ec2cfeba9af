/** `add-profile` for a role of IAM Identity Center: of a session that is there, or a new one; account and role from lists where they are not given. */
import { printWarning } from "../../cli/messages.ts";
import { openPrompts } from "../../cli/prompts.ts";
import { addSection } from "../../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import { isRegion } from "../../config/connection.ts";
import { assertWritableValue } from "../../config/names.ts";
import { rules } from "../../config/role-values.ts";
import { readSsoSession } from "../../config/sso.ts";
import { parseStartUrl, regionInStartUrl } from "../../config/start-url.ts";
import type { Context } from "../../foundation/context.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import {
  accountNameSetting,
  askSsoRole,
  askSsoSession,
  portalOf,
  freeName,
  type NewSession,
  withSession,
} from "../../profiles/ask-sso.ts";
import { reportChange } from "../../profiles/change-report.ts";
import { defaultRegion } from "../../profiles/default-region.ts";
import { editConfig } from "../../profiles/edit-config.ts";
import { defaultTemplate, profileName } from "../../profiles/name-template.ts";
import { isSamePortal } from "../../sso/token.ts";

export const ssoOptions = {
  "sso-session": { type: "string", describe: "a role of IAM Identity Center: its sso-session" },
  "sso-account-id": { type: "string", value: "ID", describe: "the account" },
  "sso-role-name": { type: "string", describe: "the permission set" },
  "sso-start-url": { type: "string", describe: "of a session that is not there yet" },
  "sso-region": { type: "string", describe: "the same: the region of IAM Identity Center" },
} as const;

type SsoArguments = {
  readonly [K in keyof typeof ssoOptions]?: string | undefined;
} & {
  readonly region?: string | undefined;
  readonly output?: string | undefined;
  readonly store: string | undefined;
  readonly input: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly "dry-run": boolean;
};

/** True where an option of these was given. */
export function isForSso(args: SsoArguments): boolean {
  return Object.keys(ssoOptions).some(
    (option) => args[option as keyof typeof ssoOptions] !== undefined,
  );
}

/**
 * Writes the profile, and its session where that is new. @throws ERR_USAGE for what is missing and cannot be asked, ERR_CONFIG_CONFLICT,
 * ERR_PROFILE_*, ERR_LOGIN_NEEDED where lists are needed and one is not signed in, ERR_INTERRUPTED.
 */
export async function addSsoProfile(
  context: Context,
  args: SsoArguments,
  options: {
    readonly name: string | undefined;
    readonly isAsking: boolean;
    readonly checkName: (files: AwsFiles, name: string) => void;
    readonly lineFor: (profile: string) => string;
    readonly warnings: readonly string[];
  },
): Promise<number> {
  const { env, platform } = context;
  const { isAsking, checkName, lineFor } = options;
  const files = readAwsFiles(env, platform);
  if (options.name !== undefined) checkName(files, options.name);
  const prompts = isAsking ? await openPrompts() : undefined;
  let session = await sessionOf(context, files, args);
  if (session === undefined && prompts !== undefined) {
    const chosen = await prompts.choose<string | undefined>("Session of IAM Identity Center", [
      ...files.ssoSessionNames().map((one) => ({ value: one, label: one })),
      { value: undefined, label: "A new session" },
    ]);
    session =
      chosen === undefined
        ? await askSsoSession(context, prompts, files)
        : await sessionOf(context, files, { ...args, "sso-session": chosen });
  }
  let accountId = args["sso-account-id"];
  let roleName = args["sso-role-name"];
  let accountName: string | undefined;
  if (session !== undefined && prompts !== undefined && (!accountId || !roleName)) {
    const asked = session;
    // `login`, which may be offered now, finds it in the config only.
    if (files.ssoSession(asked.name) === undefined)
      await editConfig(context, {
        action: `add-profile (sso-session ${asked.name})`,
        dryRun: false,
        edit: (latest) => withSession(latest, asked).config,
      });
    const { account, roleName: role } = await askSsoRole(context, prompts, {
      files: withSession(files, asked),
      session: asked.name,
      args,
      accountId,
    });
    accountId = account.id;
    accountName = account.name;
    roleName = role;
  }
  let { name } = options;
  if (name === undefined && prompts !== undefined && accountId && roleName) {
    const access = { session: "", accountId, accountName, email: undefined, role: roleName };
    name = await prompts.ask("Profile name", {
      byDefault: freeName(profileName(defaultTemplate, access) || "sso", files.profileNames()),
      check: (text) => checkName(files, text),
    });
  }
  const missing = [
    ...(name === undefined ? ["NAME"] : []),
    ...(session === undefined ? ["--sso-session NAME"] : []),
    ...(accountId ? [] : ["--sso-account-id ID"]),
    ...(roleName ? [] : ["--sso-role-name NAME"]),
  ];
  if (name === undefined || session === undefined || !accountId || !roleName)
    throw new AwsRoleError("ERR_USAGE", `add-profile: missing: ${missing.join(", ")}`, {
      hint: "at a terminal, and without --no-input and --json, it asks for what is missing",
    });
  if (!rules.accountId.pattern.test(accountId))
    throw new AwsRoleError("ERR_USAGE", `--sso-account-id: ${accountId} is not valid`, {
      hint: rules.accountId.hint,
    });
  assertWritableValue("--sso-role-name", roleName);
  const region = args.region ?? defaultRegion(files, env) ?? session.region;
  const written = session;
  const profile = name;
  const settings = [
    ["credential_process", lineFor(profile)],
    ["region", region],
    ...(args.output === undefined ? [] : [["output", args.output] as const]),
    ["awsrole_sso_session", session.name],
    ["awsrole_sso_account_id", accountId],
    ...accountNameSetting(accountName),
    ["awsrole_sso_role_name", roleName],
  ] as const;
  const change = await editConfig(context, {
    action: `add-profile ${profile}`,
    dryRun: args["dry-run"],
    edit: (latest) => {
      checkName(latest, profile);
      return addSection(
        withSession(latest, written).config,
        { kind: "profile", name: profile },
        settings,
      );
    },
    review: () => options.warnings,
  });
  reportChange(context, args, change, {
    facts: { profile, settings: Object.fromEntries(settings) },
    done: `added profile ${profile} to ${change.file}`,
    next: `aws sts get-caller-identity --profile ${profile}`,
  });
  if (!args.quiet && !args["dry-run"] && files.ssoSession(session.name) === undefined)
    printWarning(context, `sign in before its first use: awsrole login ${session.name}`);
  return 0;
}

/** The session that the options name: one that is there, or a new one. @throws ERR_USAGE, ERR_PROFILE_INVALID, ERR_CONFIG_CONFLICT. */
async function sessionOf(
  context: Context,
  files: AwsFiles,
  args: SsoArguments,
): Promise<NewSession | undefined> {
  const { "sso-session": name, "sso-start-url": typed, "sso-region": given } = args;
  if (name === undefined) return undefined;
  const startUrl = typed === undefined ? undefined : parseStartUrl(typed);
  if (files.ssoSession(name) !== undefined) {
    const known = readSsoSession(files, name);
    if (
      (startUrl !== undefined && !isSamePortal(startUrl, known.startUrl)) ||
      (given !== undefined && given !== known.region.value)
    )
      throw new AwsRoleError(
        "ERR_CONFIG_CONFLICT",
        `[sso-session ${name}] is there with other settings`,
        { hint: "leave out --sso-start-url and --sso-region, or choose another --sso-session" },
      );
    return { name, startUrl: known.startUrl, region: known.region.value };
  }
  if (startUrl === undefined)
    throw new AwsRoleError("ERR_PROFILE_INVALID", `there is no [sso-session ${name}] section`, {
      hint: "--sso-start-url and --sso-region make one",
    });
  const portal = await portalOf(context, startUrl);
  const region = given ?? regionInStartUrl(portal);
  if (region === undefined || !isRegion(region))
    throw new AwsRoleError("ERR_USAGE", "add-profile: missing: --sso-region REGION", {
      hint: "the region of IAM Identity Center is not part of that start URL",
    });
  return { name, startUrl: portal, region };
}
