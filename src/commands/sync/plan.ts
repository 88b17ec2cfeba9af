/**
 * What `sync` changes in the config. Rules:
 *
 * - A profile is recognized by session, account id and role (a chained role by its ARN and source), not by its name: a renamed account keeps its
 *   profile's name, unless `--rename` is given.
 * - Only profiles with `awsrole_synced_from` are changed or removed, and of them only the keys that `sync` writes; the region is written once, and
 *   then the owner's. A profile that someone wrote by hand for the same role is left alone, and none is added beside it.
 * - Two roles of one name, or a name that another profile has, are an error that proposes a template.
 */
import {
  addSections,
  deleteKey,
  deleteSections,
  editEach,
  renameSections,
  setKey,
} from "../../config/edit.ts";
import { type Document, readSettings, sectionNames, type Settings } from "../../config/document.ts";
import { accountNameSetting } from "../../profiles/ask-sso.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { findReferences, redirectReferences, type Reference } from "../../profiles/references.ts";
import type { Listing } from "./listing.ts";
import { type Access, profileName } from "../../profiles/name-template.ts";

/** A profile to have: a role of Identity Center, or an IAM role that one of those assumes. */
export type Wanted = Access & {
  /** Absent: the Identity Center role itself. */
  readonly assume?: { readonly roleArn: string };
};

export type SyncOptions = {
  readonly template: string;
  readonly native: boolean;
  readonly rename: boolean;
  readonly prune: boolean;
  /** True where a team's file says which roles are assumed. */
  readonly knowsChains: boolean;
  /** For new profiles. */
  readonly regionOf: (session: string) => string;
  /** The whole `credential_process` value of a profile. */
  readonly lineFor: (profile: string) => string;
};

export type SyncPlan = {
  readonly document: Document;
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  /** Profiles that keep names which the template does not give them. */
  readonly misnamed: readonly { readonly from: string; readonly to: string }[];
  readonly removed: readonly string[];
  /** Profiles that were written by `sync` and whose access is gone, but that stay. */
  readonly stale: readonly { readonly name: string; readonly reason: string }[];
  /** How many profiles of these sessions `sync` had written before. */
  readonly syncedBefore: number;
};

const marker = "awsrole_synced_from";

type Existing = {
  readonly name: string;
  readonly id: string;
  readonly isSynced: boolean;
  readonly settings: Settings;
};

/**
 * The config after a sync of these listings; nothing is written.
 * @throws ERR_CONFIG_CONFLICT for names that collide, ERR_CONFIG_SYNTAX for a bad line in a section that is edited.
 */
export function planSync(
  config: Document,
  wanted: readonly Wanted[],
  listings: readonly Listing[],
  options: SyncOptions,
): SyncPlan {
  const existing = readExisting(config);
  const byId = new Map<string, Existing>();
  // What sync wrote comes before what someone wrote for the same role.
  for (const one of existing) {
    const known = byId.get(one.id);
    if (known === undefined || (one.isSynced && !known.isSynced)) byId.set(one.id, one);
  }
  const names = nameAll(wanted, byId, options);
  const sessions = new Set(listings.map(({ session }) => session));
  const synced = existing.filter(
    ({ isSynced, settings }) => isSynced && sessions.has(settings.get(marker)?.value ?? ""),
  );
  const { removed, stale } = findGone(config, synced, wanted, listings, options);
  const misnamed = wanted.flatMap((one) => {
    const old = byId.get(idOf(one));
    const name = nameOf(one, options.template);
    return old?.isSynced === true && name !== "" && old.name !== name
      ? [{ from: old.name, to: name }]
      : [];
  });
  const renamed = options.rename ? misnamed : [];
  const taken = new Set(existing.map(({ name }) => name));
  for (const name of sectionNames(config, "profile")) taken.add(name);
  taken.add("default");
  for (const { from } of renamed) taken.delete(from);
  for (const name of removed) taken.delete(name);
  const added = [...names].filter(([one]) => !byId.has(idOf(one)));
  assertFree([...added.map(([, name]) => name), ...renamed.map(({ to }) => to)], taken);

  let document = deleteSections(
    config,
    removed.map((name) => ({ kind: "profile", name })),
  );
  document = renameAll(document, renamed);
  const nameOfId = new Map([...names].map(([one, name]) => [idOf(one), name]));
  const kept = new Map(
    [...names].flatMap(([one, name]) => {
      const old = byId.get(idOf(one));
      if (old?.isSynced !== true) return [];
      const settings = settingsOf(one, name, nameOfId, options);
      return isRight(old.settings, settings) ? [] : [[name, settings] as const];
    }),
  );
  const changed: string[] = [];
  document = editEach(document, [...kept.keys()], (profile, name) => {
    const edited = update(profile, name, kept.get(name) ?? []);
    if (edited.text !== profile.text) changed.push(name);
    return edited;
  });
  document = addSections(
    document,
    added
      .toSorted(([, one], [, other]) => (one < other ? -1 : 1))
      .map(([one, name]) => ({
        id: { kind: "profile", name },
        settings: withRegion(
          settingsOf(one, name, nameOfId, options),
          options.regionOf(one.session),
        ),
      })),
  );
  const renamedTo = new Set(renamed.map(({ to }) => to));
  return {
    document,
    added: added.map(([, name]) => name).toSorted(),
    updated: changed.filter((name) => !renamedTo.has(name)),
    renamed,
    misnamed: options.rename ? [] : misnamed,
    removed,
    stale,
    syncedBefore: synced.length,
  };
}

/** Session, account and role; of an assumed role its ARN and the account and role that assume it. */
function idOf({ session, accountId, role, assume }: Wanted): string {
  return JSON.stringify([session, accountId, role, assume?.roleArn ?? ""]);
}

/** Every profile of the config that is for an Identity Center role or assumes a role from one. */
function readExisting(config: Document): readonly Existing[] {
  const profiles = sectionNames(config, "profile").flatMap((name) => {
    const settings = readable(config, name);
    return settings === undefined ? [] : [{ name, settings, isSynced: settings.has(marker) }];
  });
  const own = profiles.flatMap((profile): Existing[] => {
    const get = (key: string): string | undefined =>
      (profile.settings.get(`awsrole_${key}`) ?? profile.settings.get(key))?.value;
    const [session, accountId, role] = [
      get("sso_session"),
      get("sso_account_id"),
      get("sso_role_name"),
    ];
    if (session === undefined || accountId === undefined || role === undefined) return [];
    return [{ ...profile, id: JSON.stringify([session, accountId, role, ""]) }];
  });
  const ids = new Map(own.map(({ name, id }) => [name, id]));
  const chained = profiles.flatMap((profile): Existing[] => {
    const roleArn = profile.settings.get("awsrole_role_arn")?.value;
    const source = ids.get(profile.settings.get("awsrole_source_profile")?.value ?? "");
    if (roleArn === undefined || source === undefined) return [];
    const [session, accountId, role] = JSON.parse(source) as [string, string, string];
    return [{ ...profile, id: JSON.stringify([session, accountId, role, roleArn]) }];
  });
  return [...own, ...chained];
}

/** The name of every profile to have: the one it has already, else by the template. @throws ERR_CONFIG_CONFLICT for two of one name. */
function nameAll(
  wanted: readonly Wanted[],
  byId: ReadonlyMap<string, Existing>,
  { template, rename }: SyncOptions,
): ReadonlyMap<Wanted, string> {
  const names = new Map<Wanted, string>();
  const owners = new Map<string, Wanted>();
  for (const one of wanted) {
    const known = byId.get(idOf(one));
    const isKept = known !== undefined && !(rename && known.isSynced);
    const name = isKept ? known.name : nameOf(one, template);
    const other = owners.get(name);
    if (name === "" || other !== undefined) {
      throw new AwsRoleError(
        "ERR_CONFIG_CONFLICT",
        name === ""
          ? `the template produces no name for role ${one.role} in account ${one.accountId}`
          : `two roles would be profile ${name}: ${other?.role} in account ${other?.accountId} and ${one.role} in account ${one.accountId}`,
        { hint: proposal },
      );
    }
    owners.set(name, one);
    names.set(one, name);
  }
  return names;
}

function nameOf(one: Wanted, template: string): string {
  const role =
    one.assume === undefined ? one.role : (one.assume.roleArn.split("/").at(-1) ?? one.role);
  return profileName(template, { ...one, role });
}

const proposal = "choose another template: --template '{account-name}-{account-id}-{role}'";

function assertFree(names: readonly string[], taken: ReadonlySet<string>): void {
  const found = names.find((name) => taken.has(name));
  if (found === undefined) return;
  throw new AwsRoleError("ERR_CONFIG_CONFLICT", `another profile ${found} already exists`, {
    hint: `awsrole rename-profile ${found} NEW, or ${proposal}`,
  });
}

/** Synced profiles that are not wanted: removed where that was asked for and is safe, else the reason why they stay. */
function findGone(
  config: Document,
  synced: readonly Existing[],
  wanted: readonly Wanted[],
  listings: readonly Listing[],
  { prune, knowsChains }: SyncOptions,
): Pick<SyncPlan, "removed" | "stale"> {
  const ids = new Set(wanted.map(idOf));
  // A role chain comes from a team's file: without that file it is wanted as long as the role that it starts from is.
  const isWanted = (id: string): boolean =>
    ids.has(id) || (!knowsChains && isChain(id) && ids.has(startOf(id)));
  const gone = synced.filter(({ id }) => !isWanted(id) && isListed(id, listings));
  const names = new Set(gone.map(({ name }) => name));
  const references = findReferences(config).filter(({ profile, to }) => profile !== to);
  const users = new Map<string, string>();
  const usedBy = new Map<string, Reference[]>();
  for (const one of references) {
    const known = usedBy.get(one.profile);
    if (known === undefined) usedBy.set(one.profile, [one]);
    else known.push(one);
  }
  const keep = ({ profile, to }: Reference): void => {
    if (!names.has(to) || names.has(profile)) return;
    users.set(to, profile);
    names.delete(to);
  };
  references.forEach(keep);
  // What stays because a profile uses it may use another one, which then stays, too. The map grows meanwhile.
  for (const [name] of users) usedBy.get(name)?.forEach(keep);
  const judged = gone.map(({ name }) => {
    const user = users.get(name);
    const reason = user === undefined ? undefined : `profile ${user} has it as its source`;
    return { name, reason };
  });
  const stays = ({ reason }: { readonly reason: string | undefined }): boolean =>
    !prune || reason !== undefined;
  return {
    removed: judged.filter((one) => !stays(one)).map(({ name }) => name),
    stale: judged
      .filter(stays)
      .map(({ name, reason }) => ({ name, reason: reason ?? "no access" })),
  };
}

function isChain(id: string): boolean {
  return (JSON.parse(id) as string[])[3] !== "";
}

/** The Identity Center role that a chain starts from. */
function startOf(id: string): string {
  return JSON.stringify([...(JSON.parse(id) as string[]).slice(0, 3), ""]);
}

/** True where the listing would have this profile if the person still had access: its account's roles were listed, and no filter left it out. */
function isListed(id: string, listings: readonly Listing[]): boolean {
  const [session, accountId, role] = JSON.parse(id) as [string, string, string];
  const listing = listings.find((one) => one.session === session);
  if (listing === undefined || listing.failed.some((one) => one.accountId === accountId))
    return false;
  return listing.covers(accountId, role);
}

function renameAll(document: Document, renamed: SyncPlan["renamed"]): Document {
  if (renamed.length === 0) return document;
  const names = new Map(renamed.map(({ from, to }) => [from, to]));
  return redirectReferences(renameSections(document, "profile", names), names);
}

type KeyValues = readonly (readonly [key: string, value: string])[];

/** The keys that `sync` writes and keeps right. */
function settingsOf(
  one: Wanted,
  name: string,
  nameOfId: ReadonlyMap<string, string>,
  { native, lineFor }: SyncOptions,
): KeyValues {
  const marked = [marker, one.session] as const;
  if (one.assume !== undefined) {
    const { assume, ...own } = one;
    const source = nameOfId.get(idOf(own)) ?? "";
    return [
      ["credential_process", lineFor(name)],
      ["awsrole_role_arn", assume.roleArn],
      ["awsrole_source_profile", source],
      marked,
    ];
  }
  const prefix = native ? "" : "awsrole_";
  return [
    ...(native ? [] : [["credential_process", lineFor(name)] as const]),
    [`${prefix}sso_session`, one.session],
    [`${prefix}sso_account_id`, one.accountId],
    ...accountNameSetting(one.accountName),
    [`${prefix}sso_role_name`, one.role],
    marked,
  ];
}

/** Those of the other form go when a profile changes between managed and native. */
const formKeys = ["sso_session", "sso_account_id", "sso_role_name"] as const;

/** True where `update` has nothing to do. Most profiles of most runs are right. */
function isRight(before: Settings, settings: KeyValues): boolean {
  return (
    settings.every(([key, value]) => before.get(key)?.value === value) &&
    !otherForm(settings).some((key) => before.has(key))
  );
}

function update(profile: Document, name: string, settings: KeyValues): Document {
  const id = { kind: "profile", name } as const;
  const cleared = otherForm(settings).reduce((edited, key) => deleteKey(edited, id, key), profile);
  return settings.reduce((edited, [key, value]) => setKey(edited, id, key, value), cleared);
}

/** The keys that these take the place of. */
function otherForm(settings: KeyValues): readonly string[] {
  const keys = new Set(settings.map(([key]) => key));
  if (!keys.has("sso_session") && !keys.has("awsrole_sso_session")) return [];
  return ["credential_process", ...formKeys, ...formKeys.map((key) => `awsrole_${key}`)].filter(
    (key) => !keys.has(key),
  );
}

function withRegion([first, ...others]: KeyValues, region: string): KeyValues {
  return first === undefined ? [] : [first, ["region", region], ...others];
}

function readable(config: Document, name: string): Settings | undefined {
  try {
    return readSettings(config, "profile", name);
  } catch {
    return undefined;
  }
}
