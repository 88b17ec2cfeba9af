import type { Context } from "../../foundation/context.ts";
import { setTimeout as pause } from "node:timers/promises";
import { canAsk } from "../../cli/prompts.ts";
import { defineCommand, fetchOptions } from "../../cli/command.ts";
import { confirm } from "../../cli/confirm.ts";
import { assertWritableName } from "../../config/names.ts";
import { withLock } from "../../locks/single-flight.ts";
import { deleteItems, rowsOf } from "../../sessions/delete-items.ts";
import { deadlineFromNow } from "../../foundation/deadline.ts";
import { isAwsRoleError } from "../../foundation/errors.ts";
import { noticeTo } from "../../sessions/fetch-credentials.ts";
import { forgetKey } from "../../keys/forget-key.ts";
import { requireName } from "../../profiles/find-profile.ts";
import { check } from "../../profiles/profile-options.ts";
import { type OpenedSetup, createSetupContext } from "./create-context.ts";
import { choose, requireAdminProfile } from "./choices.ts";
import { describeFound, type Found } from "./ownership.ts";
import { createSetupRecords } from "./record.ts";
import { planScript, speaker, tellRemoval, tellStep, undoScript } from "./report.ts";
import { lookAtSteps, type RetryPolicy, runSteps } from "./step.ts";
import { printJson } from "../../cli/output.ts";
import { setupSteps } from "./steps.ts";
import { planUndo, runRemovals, type UndoPlan } from "./undo.ts";

/** Nine commands, IAM's delay with each, and perhaps a person with an MFA device. */
const totalMs = 300_000;

export default defineCommand({
  usage: "setup NAME",
  summary: "create an IAM user and a role it can assume, with key and profiles",
  description:
    "Automates the AWS article 'How do I assume an IAM role with the AWS CLI?': creates an IAM user that can assume one role and nothing else, " +
    "a role that trusts only this user, an access key stored directly in the keychain, and the profiles, and verifies each step. " +
    "Safe to re-run; --undo deletes what it created.",
  positionals: {
    NAME: { describe: "profile of the role, and name of the setup", isNew: true },
  },
  options: {
    "admin-profile": {
      type: "string",
      completes: "profiles",
      describe: "profile that can call IAM",
    },
    user: { type: "string", describe: "IAM user to create (default: NAME-user)" },
    role: { type: "string", describe: "IAM role to create (default: NAME-role)" },
    "user-profile": {
      type: "string",
      describe: "profile of the user's key (default: NAME-user)",
    },
    "policy-arn": {
      type: "string",
      array: true,
      describe:
        "managed policy for the role (repeatable; default: ViewOnlyAccess, which reads metadata only)",
    },
    mfa: {
      type: "boolean",
      describe: "require an MFA code to assume the role (--no-mfa removes the requirement)",
    },
    region: {
      type: "string",
      describe: "region of the profiles (default: the admin profile's)",
    },
    command: {
      type: "string",
      completes: "files",
      value: "PATH",
      describe: "absolute path of awsrole to use in credential_process",
    },
    "dry-run": {
      type: "boolean",
      default: false,
      describe: "print the plan as a script of aws commands, without changing anything",
    },
    undo: { type: "boolean", default: false, describe: "delete what this setup created" },
    "mfa-code": fetchOptions["mfa-code"],
    adopt: {
      type: "boolean",
      default: false,
      describe:
        "adopt, without confirmation, what a setup of this name created that this machine has no record of",
    },
    yes: { type: "boolean", default: false, describe: "do not ask for confirmation" },
  },
  examples: [
    {
      command: "awsrole setup prod --admin-profile admin",
      says: "then run: aws s3 ls --profile prod",
    },
    {
      command: "awsrole setup prod --admin-profile admin --dry-run",
      says: "preview, as aws commands",
    },
    { command: "awsrole setup prod --undo", says: "delete user, role, policy, key and profiles" },
  ],
  async run(context, args) {
    const { platform } = context;
    const name = requireName("setup", args.positionals["NAME"]);
    const records = createSetupRecords(context.stateDir);
    const record = records.find(name);
    const choices = choose(name, args, record);
    for (const profile of [name, choices.userProfile]) assertWritableName(profile, platform);
    if (args.region !== undefined) check("region", args.region);
    const adminProfile = requireAdminProfile(
      choices,
      args["admin-profile"] ?? record?.adminProfile,
      args.undo,
    );
    const deadline = deadlineFromNow(totalMs);
    const notice = noticeTo(context, args);
    const retry: RetryPolicy = {
      pause,
      remainingMs: () => deadline.remainingMs(),
      tellWaiting: (error) =>
        notice(
          `waiting for the new resources to become active (${isAwsRoleError(error) ? error.message : "?"})`,
        ),
    };
    return withLock({ dir: context.runtimeDir(), key: `setup ${name}`, waitMs: 1000 }, async () => {
      const opened = await createSetupContext(context, {
        choices,
        adminProfile,
        region: args.region,
        command: args.command,
        records,
        deadline,
        consent: (found, tagKey) => agreeToAdopt(context, args, name, found, tagKey),
        args,
      });
      if (!args.undo) return setUp(context, args, opened, retry);
      const isUndone = await undo(context, args, opened, retry);
      if (isUndone) records.remove(name);
      return 0;
    });
  },
});

type Arguments = {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly input: boolean;
  readonly yes: boolean;
  readonly adopt: boolean;
  readonly "dry-run": boolean;
};

async function setUp(
  context: Context,
  args: Arguments,
  { world, adminArn, warnings }: OpenedSetup,
  retry: RetryPolicy,
): Promise<number> {
  const { plan } = world;
  const { name, account, userArn, roleArn, policyArn } = plan;
  const say = speaker(context, args);
  const steps = setupSteps(world);
  const states = await lookAtSteps(steps);
  for (const warning of warnings) world.warn(warning);
  if (args["dry-run"]) {
    if (args.json) {
      const planned = steps.map((step, index) => ({
        step: step.title,
        state: states[index],
        commands: step.commands,
        check: step.check,
      }));
      printJson(context, { setup: name, account, dryRun: true, steps: planned });
    } else context.stdout(planScript(world, steps, states));
    return 0;
  }
  const isComplete = states.every((state) => state === "right");
  if (!isComplete && !args.yes && canAsk(context, args))
    await confirm(context.platform, args.input, {
      facts: [
        `account ${account}, as ${adminArn}`,
        ...steps.flatMap(({ title, commands }, index) =>
          commands.length === 0 || states[index] === "right"
            ? []
            : [`${states[index] === "different" ? "change" : "create"} ${title}`],
        ),
      ],
      question: "Continue?",
      asks: "setup asks for confirmation before it creates anything",
      code: "ERR_USAGE",
      hint: "use --yes to continue without confirmation, or --dry-run for a preview",
      refused: "nothing was created",
    });
  say(`setting up ${name} in account ${account}, as ${adminArn}`);
  // What is remembered of a key that was begun stays.
  if (!isComplete || world.record()?.tag === undefined) world.remember({});
  const results = await runSteps(steps, states, retry, tellStep(context, args)).catch(
    (error: unknown) => {
      if (!isComplete && !args.json)
        noticeTo(
          context,
          args,
        )(
          `run the same command again to continue, or awsrole setup ${name} --undo to delete what was created`,
        );
      throw error;
    },
  );
  if (args.json) {
    printJson(context, {
      setup: name,
      account,
      profile: name,
      roleArn,
      rolePolicyArns: plan.rolePolicyArns,
      userProfile: plan.userProfile,
      userArn,
      policyArn,
      accessKeyId: world.record()?.accessKeyId,
      store: world.storeName,
      changed: !isComplete,
      steps: results,
    });
  }
  say("");
  say(isComplete ? "everything is up to date; nothing was changed" : `Profile ${name} is ready.`);
  say(`next: aws ${firstCommand(plan.rolePolicyArns)} --profile ${name}`);
  say(`to delete it all: awsrole setup ${name} --undo`);
  return 0;
}

/** Something that the role may do; who it is, everybody may ask. */
function firstCommand(policyArns: readonly string[]): string {
  const may = (names: RegExp): boolean => policyArns.some((arn) => names.test(arn));
  if (may(/\/(?:ViewOnlyAccess|ReadOnlyAccess|AmazonS3\w+)$/)) return "s3 ls";
  return may(/\/AmazonRDS\w+$/) ? "rds describe-db-instances" : "sts get-caller-identity";
}

/** True when everything is gone. */
async function undo(
  context: Context,
  args: Arguments,
  { world, store }: OpenedSetup,
  retry: RetryPolicy,
): Promise<boolean> {
  const { name } = world.plan;
  const say = speaker(context, args);
  const rows = await rowsOf(context).list();
  const undoing = await planUndo(world, {
    keyIds: rows.flatMap(({ kind, account }) =>
      kind === "key" ? [account.slice(account.lastIndexOf("/") + 1)] : [],
    ),
    forgetKey: (accessKeyId) => forgetKey(accessKeyId, store),
    forgetSessions: async (profile) =>
      deleteItems(
        context,
        rows.filter((row) => row.profile === profile && row.kind !== "key"),
        args,
      ),
  });
  const { removals, notes } = undoing;
  if (args["dry-run"]) {
    if (args.json) printJson(context, { ...undoFacts(name, undoing), dryRun: true });
    else context.stdout(undoScript(undoing));
    return false;
  }
  for (const note of notes) noticeTo(context, args)(note);
  if (removals.length > 0 && !args.yes) {
    await confirm(context.platform, args.input, {
      facts: removals.map(({ title }) => title),
      question: "Delete all of these?",
      asks: "setup --undo asks for confirmation before it deletes",
      code: "ERR_USAGE",
      hint: `use --yes to delete without confirmation, or --dry-run for a preview`,
      refused: "nothing was deleted",
    });
  }
  await runRemovals(removals, retry, tellRemoval(context, args));
  if (args.json) printJson(context, undoFacts(name, undoing));
  say(
    removals.length === 0
      ? `there is no setup ${name} to delete`
      : `Removed everything setup created for ${name}`,
  );
  return true;
}

function undoFacts(
  setup: string,
  { removals, notes }: UndoPlan,
): Readonly<Record<string, unknown>> {
  return {
    setup,
    removals: removals.map(({ title, command }) => ({ what: title, command })),
    notes,
  };
}

/** Resolves when what was found may be taken for this setup's. @throws as `confirm` does. */
async function agreeToAdopt(
  context: Context,
  args: Arguments,
  name: string,
  found: readonly Found[],
  tagKey: string,
): Promise<void> {
  const lines = found.map((one) => describeFound(one, tagKey));
  const told = `this machine has no record of a setup ${name}, but its tag is on ${lines.join(" and ")}`;
  if (args.adopt || args["dry-run"]) {
    noticeTo(context, args)(`${told}: adopted`);
    return;
  }
  await confirm(context.platform, args.input, {
    facts: [
      `this machine has no record of a setup ${name}, but its tag is on:`,
      ...lines,
      "Any user who can create users and roles in this account can set such a tag.",
    ],
    question: "Were these created by your setup?",
    asks: `${told}: setup asks for confirmation before it adopts them`,
    code: "ERR_AWS_REFUSED",
    hint: `if your setup created these, add --adopt; otherwise choose another NAME`,
    refused: "nothing was changed",
  });
}
