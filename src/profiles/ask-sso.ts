/** The questions for a session of IAM Identity Center, and for an account and role of it; every answer is checked as it is typed. */
import type { Choice, Prompts } from "../cli/prompts.ts";
import { isRegion } from "../config/connection.ts";
import { type AwsFiles, combineDocuments } from "../config/files.ts";
import { addSections } from "../config/edit.ts";
import { assertWritableName, assertWritableValue } from "../config/names.ts";
import { parseStartUrl, regionInStartUrl, sessionNameOf } from "../config/start-url.ts";
import type { Context } from "../foundation/context.ts";
import { type Deadline, deadlineFromNow } from "../foundation/deadline.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { openPortal } from "../sessions/open-portal.ts";
import { findPortal } from "../sso/portal-address.ts";
import type { Account } from "../sso/portal.ts";

/** A session as it is written into a config. */
export type NewSession = {
  readonly name: string;
  readonly startUrl: string;
  readonly region: string;
};

/** A role in an account. */
export type ChosenRole = { readonly account: Account; readonly roleName: string };

/** Start URL, region (where the address does not say it) and name. @throws ERR_INTERRUPTED. */
export async function askSsoSession(
  context: Context,
  prompts: Prompts,
  files: AwsFiles,
): Promise<NewSession> {
  const typed = await prompts.ask("Start URL of the AWS access portal", {
    check: (text) => void parseStartUrl(text),
  });
  const startUrl = await portalOf(context, parseStartUrl(typed));
  const region =
    regionInStartUrl(startUrl) ??
    (await prompts.ask("Region of IAM Identity Center (not that of your services)", {
      check: (text) => {
        if (isRegion(text) && /^[a-z]+(?:-[a-z]+)+-\d$/.test(text)) return;
        throw new AwsRoleError("ERR_USAGE", `${text} is not a region name`, {
          hint: "it looks like eu-west-1",
        });
      },
    }));
  const name = await prompts.ask("Session name", {
    byDefault: freeName(sessionNameOf(startUrl), files.ssoSessionNames()),
    check: (text) => {
      assertWritableName(text);
      if (files.ssoSessionNames().includes(text))
        throw new AwsRoleError("ERR_USAGE", `there is an sso-session ${text} already`);
    },
  });
  return { name, startUrl, region };
}

/** The portal's own address, where a company's redirects to it. */
export function portalOf({ env }: Context, startUrl: string): Promise<string> {
  const { AWS_CA_BUNDLE: caBundleFile } = env;
  const connection = { env, ...(caBundleFile ? { caBundleFile } : {}) };
  return findPortal(startUrl, connection, deadlineFromNow(findingMs));
}

const findingMs = 5000;

/** The files with this session. */
export function withSession(
  files: AwsFiles,
  { name, startUrl: url, region }: NewSession,
): AwsFiles {
  if (files.ssoSession(name) !== undefined) return files;
  const id = { kind: "sso-session", name } as const;
  const settings = [
    ["sso_start_url", url],
    ["sso_region", region],
    ["sso_registration_scopes", "sso:account:access"],
  ] as const;
  return combineDocuments(addSections(files.config, [{ id, settings }]), files.credentials);
}

/** Listing the accounts of a large company takes its time. */
const listingMs = 120_000;

/**
 * An account that the person may use, then a role in it; what there is one of is not asked. @throws ERR_INTERRUPTED, ERR_LOGIN_NEEDED,
 * ERR_AWS_DENIED where there is no access at all, ERR_AWS_*, ERR_NETWORK.
 */
export async function askSsoRole(
  context: Context,
  prompts: Prompts,
  options: {
    readonly files: AwsFiles;
    readonly session: string;
    readonly args: { readonly store?: string | undefined; readonly input: boolean };
    readonly accountId?: string | undefined;
  },
): Promise<ChosenRole> {
  const deadline: Deadline = deadlineFromNow(listingMs);
  const { portal, withToken } = await openPortal(context, { ...options, deadline });
  const accounts = await withToken((token) => portal.listAccounts(token));
  const account =
    accounts.find(({ id }) => id === options.accountId) ??
    (await chooseOne(prompts, "Account", accounts, ({ id, name }) => ({
      label: name ?? id,
      hint: id,
    })));
  const roles = await withToken((token) => portal.listAccountRoles(token, account.id));
  const roleName = await chooseOne(prompts, "Role", roles, (label) => ({ label }));
  return { account, roleName };
}

async function chooseOne<T>(
  prompts: Prompts,
  what: string,
  all: readonly T[],
  show: (one: T) => Omit<Choice<T>, "value">,
): Promise<T> {
  const [only] = all;
  if (only === undefined)
    throw new AwsRoleError("ERR_AWS_DENIED", `you have access to no ${what.toLowerCase()}`, {
      hint: "ask who assigns permission sets in IAM Identity Center",
    });
  if (all.length === 1) {
    prompts.tell(`${what}: ${show(only).label} (the only one)`);
    return only;
  }
  const choices = all
    .map((value): Choice<T> => ({ value, ...show(value) }))
    .toSorted((one, other) => one.label.localeCompare(other.label));
  return prompts.choose(what, choices, { isSearchable: true });
}

/** `acme`, else `acme-2` and so on. */
export function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  for (let count = 2; taken.includes(name); count += 1) name = `${wanted}-${count}`;
  return name;
}

/** The setting that keeps an account's name. The portal lets a name be anything; what not every SDK would read back is left out. */
export function accountNameSetting(
  name: string | undefined,
): readonly (readonly [key: string, value: string])[] {
  if (name === undefined) return [];
  try {
    assertWritableValue("awsrole_sso_account_name", name);
    return [["awsrole_sso_account_name", name]];
  } catch {
    return [];
  }
}
