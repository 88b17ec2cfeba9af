/**
 * Taking a setup back: exactly what it made. The rules:
 *
 * - At AWS only what carries the setup's tag goes, with everything that hangs on it (attachments, versions, keys, the user's MFA
 *   device). Something of the same name without the tag is named and left alone.
 * - A profile goes when it is the one that setup wrote: the role's with this role, the user's with a key of this user.
 * - It can be interrupted anywhere and run again. The user goes last: its keys tell which profile is ours.
 */
import { isStillInUse } from "../../aws/iam-admin.ts";
import { readSettings } from "../../config/document.ts";
import { deleteSection } from "../../config/edit.ts";
import { keyIdOf, withoutKeyProfile } from "../../keys/key-profile.ts";
import { findReferences } from "../../profiles/references.ts";
import { awsIam, nameOf } from "./iam-steps.ts";
import { isOurs } from "./ownership.ts";
import { commandLine } from "../../foundation/shell-quote.ts";
import { type RetryPolicy, retryUntilConsistent } from "./step.ts";
import type { SetupContext } from "./context.ts";

/** One thing to take away. */
export type Removal = {
  /** `delete user prod-user`. */
  readonly title: string;
  readonly command: string;
  remove(): Promise<unknown>;
};

export type UndoPlan = {
  /** In the order in which they go. */
  readonly removals: readonly Removal[];
  /** What has the name of something of ours, or points at it, and stays. */
  readonly notes: readonly string[];
};

/** What else undoing touches on this machine. */
export type LocalItems = {
  /** Keys that a store of this machine has. */
  readonly keyIds: readonly string[];
  /** Deletes a profile's cached sessions. */
  forgetSessions(profile: string): Promise<unknown>;
  /** Deletes a key in its store, with its sessions. */
  forgetKey(accessKeyId: string): Promise<unknown>;
};

/** Looks at everything and changes nothing. */
export async function planUndo(world: SetupContext, local: LocalItems): Promise<UndoPlan> {
  const { plan, admin } = world;
  const notes: string[] = [];
  const ours = async <T extends Parameters<typeof isOurs>[0]>(
    kind: string,
    found: T | undefined,
  ): Promise<T | undefined> => {
    if (found === undefined || isOurs(found, plan)) return found;
    notes.push(`${kind} ${found.arn} is kept: it does not belong to this setup`);
    return undefined;
  };
  const foundUser = await admin.findUser(plan.user);
  const foundRole = await admin.findRole(plan.role);
  const user = await ours("user", foundUser);
  const role = await ours("role", foundRole);
  const policy = await ours("policy", await admin.findPolicy(plan.policyArn));
  const keyIds =
    user === undefined
      ? []
      : (await world.userKeys.listAccessKeys()).map(({ accessKeyId }) => accessKeyId);
  const rememberedKey = world.record()?.accessKeyId;
  const hereKeys =
    foundUser === undefined && rememberedKey !== undefined ? [rememberedKey] : keyIds;
  const isRoleOurs =
    role !== undefined || (foundRole === undefined && world.record() !== undefined);
  const removals: Removal[] = [
    ...profileRemovals(world, local, { isRoleOurs, hereKeys, notes }),
    ...(user === undefined ? [] : userKeyRemovals(world, keyIds)),
    ...(role === undefined ? [] : await roleRemovals(world)),
    ...(user === undefined ? [] : await userDetachments(world)),
    ...(policy === undefined ? [] : [policyRemoval(world)]),
    ...(user === undefined ? [] : await userRemovals(world)),
  ];
  return { removals, notes };
}

/** Takes them away one after the other and tells of each. @throws what keeps one from going; those before it are gone. */
export async function runRemovals(
  removals: readonly Removal[],
  retry: RetryPolicy,
  tell: (removal: Removal) => void,
): Promise<void> {
  for (const removal of removals) {
    // What was detached a moment ago may still seem to hang on it.
    await retryUntilConsistent(() => removal.remove(), retry, isStillInUse, 10_000);
    tell(removal);
  }
}

function profileRemovals(
  world: SetupContext,
  local: LocalItems,
  {
    isRoleOurs,
    hereKeys,
    notes,
  }: {
    readonly isRoleOurs: boolean;
    readonly hereKeys: readonly string[];
    readonly notes: string[];
  },
): readonly Removal[] {
  const { name, userProfile, roleArn } = world.plan;
  const { config } = world.readFiles();
  const roleSettings = readSettings(config, "profile", name);
  const hasRole = roleSettings?.get("awsrole_role_arn")?.value === roleArn;
  const isRoleProfile = hasRole && isRoleOurs;
  if (roleSettings !== undefined && !isRoleProfile)
    notes.push(`profile ${name} is kept: it does not belong to this setup`);
  const named = keyIdOf(world.readFiles(), userProfile);
  const isUserProfile = named !== undefined && hereKeys.includes(named);
  if (readSettings(config, "profile", userProfile) !== undefined && !isUserProfile)
    notes.push(`profile ${userProfile} is kept: it has no key of this setup`);
  for (const { profile, to } of findReferences(config)) {
    const isDangling =
      profile !== name && profile !== to && (to === userProfile || to === name) && isUserProfile;
    if (isDangling) notes.push(`profile ${profile} has ${to} as its source, and will stop working`);
  }
  return [
    ...(isRoleProfile
      ? [
          {
            title: `delete profile ${name}, with its cached sessions`,
            command: commandLine("awsrole", "remove-profile", name),
            remove: async () => {
              await world.editConfig(`setup ${name} --undo`, (files) =>
                deleteSection(files.config, { kind: "profile", name }),
              );
              await local.forgetSessions(name);
            },
          },
        ]
      : []),
    ...(isUserProfile
      ? [
          {
            title: `delete profile ${userProfile}`,
            command: commandLine("awsrole", "remove-key", userProfile, "--force"),
            remove: () =>
              world.editConfig(`setup ${name} --undo`, (files) =>
                withoutUserProfile(world, files.config),
              ),
          },
        ]
      : []),
    ...hereKeys
      .filter((id) => local.keyIds.includes(id))
      .map((id) => ({
        title: `delete access key ${id} in the store here`,
        command: `# deleted here by awsrole remove-key: ${id}`,
        remove: () => local.forgetKey(id),
      })),
  ];
}

/** The whole section, unless other settings were added to it. */
function withoutUserProfile(
  { plan, connectionSettings }: SetupContext,
  config: Parameters<typeof withoutKeyProfile>[0],
): ReturnType<typeof withoutKeyProfile> {
  const { userProfile } = plan;
  const written = new Map(connectionSettings);
  const settings = readSettings(config, "profile", userProfile) ?? new Map<string, never>();
  const isAllOurs = [...settings].every(
    ([key, { value }]) =>
      key === "credential_process" || key.startsWith("awsrole_") || written.get(key) === value,
  );
  return isAllOurs
    ? deleteSection(config, { kind: "profile", name: userProfile })
    : withoutKeyProfile(config, userProfile);
}

function userKeyRemovals(world: SetupContext, keyIds: readonly string[]): readonly Removal[] {
  const { user } = world.plan;
  return keyIds.map((id) => ({
    title: `delete access key ${id} of user ${user} in AWS`,
    command: awsIam(world, "delete-access-key", "--user-name", user, "--access-key-id", id),
    remove: () => world.userKeys.deleteAccessKey(id),
  }));
}

async function roleRemovals(world: SetupContext): Promise<readonly Removal[]> {
  const { role } = world.plan;
  const attached = await world.admin.policiesOfRole(role);
  return [
    ...attached.map((arn) => ({
      title: `detach ${nameOf(arn)} from role ${role}`,
      command: awsIam(world, "detach-role-policy", "--role-name", role, "--policy-arn", arn),
      remove: () => world.admin.detachFromRole(role, arn),
    })),
    {
      title: `delete role ${role}`,
      command: awsIam(world, "delete-role", "--role-name", role),
      remove: () => world.admin.deleteRole(role),
    },
  ];
}

async function userDetachments(world: SetupContext): Promise<readonly Removal[]> {
  const { user } = world.plan;
  return (await world.admin.policiesOfUser(user)).map((arn) => ({
    title: `detach ${nameOf(arn)} from user ${user}`,
    command: awsIam(world, "detach-user-policy", "--user-name", user, "--policy-arn", arn),
    remove: () => world.admin.detachFromUser(user, arn),
  }));
}

function policyRemoval(world: SetupContext): Removal {
  const { policy, policyArn } = world.plan;
  return {
    title: `delete policy ${policy}, with all its versions`,
    command: awsIam(world, "delete-policy", "--policy-arn", policyArn),
    remove: () => world.admin.deletePolicy(policyArn),
  };
}

async function userRemovals(world: SetupContext): Promise<readonly Removal[]> {
  const { user } = world.plan;
  return [
    ...(await world.userKeys.listMfaDevices()).map((serial) => ({
      title: `delete MFA device ${serial} of user ${user}`,
      command: awsIam(
        world,
        "deactivate-mfa-device",
        "--user-name",
        user,
        "--serial-number",
        serial,
      ),
      remove: () => world.admin.removeMfaDevice(user, serial),
    })),
    {
      title: `delete user ${user}`,
      command: awsIam(world, "delete-user", "--user-name", user),
      remove: () => world.admin.deleteUser(user),
    },
  ];
}
