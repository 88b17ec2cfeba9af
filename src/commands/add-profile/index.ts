import { shownValue } from "../../config/secret-keys.ts";
import { shown } from "../../cli/messages.ts";
import { canAsk, openPrompts } from "../../cli/prompts.ts";
import { defineCommand } from "../../cli/command.ts";
import type { Document } from "../../config/document.ts";
import { addSection, deleteSection } from "../../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import {
  credentialProcessLine,
  findProgram,
  runningProgram,
  sameProgram,
} from "../../program/program-path.ts";
import { runProcess } from "../../foundation/run-process.ts";
import type { Context } from "../../foundation/context.ts";
import { assertWritableName } from "../../config/names.ts";
import { defaultSessionName } from "../../credentials/session-name.ts";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { addSsoProfile, isForSso, ssoOptions } from "./sso.ts";
import { askForProfile } from "./ask.ts";
import { assertNotShadowed, reviewProfile } from "../../profiles/preflight.ts";
import { defaultRegion } from "../../profiles/default-region.ts";
import { editConfig } from "../../profiles/edit-config.ts";
import { reportChange } from "../../profiles/change-report.ts";
import {
  keyOfOption,
  type KeyValue,
  readRoleOptions,
  type RoleValues,
  roleOptions,
  sourceOptions,
  writeOptions,
} from "../../profiles/profile-options.ts";
import { openSourceIam } from "../../profiles/source-iam.ts";
import { reportVerification, verifyProfile } from "../../profiles/verify.ts";

export default defineCommand({
  usage: "add-profile [NAME]",
  summary: "create a role profile",
  description:
    "Appends a role profile to the AWS config and leaves the rest of the file untouched. AWS tools that read profiles then get the role's credentials from awsrole. Without --region the profile gets the region of its source, of [default], or of the environment. In a terminal it prompts for missing values; Ctrl-C cancels.",
  positionals: { NAME: { describe: "the name of the new profile", isNew: true } },
  options: {
    ...roleOptions,
    ...ssoOptions,
    ...writeOptions,
    verify: {
      type: "boolean",
      describe: "verify the profile by assuming the role (--no-verify: do not offer it)",
    },
  },
  examples: [
    {
      command:
        "awsrole add-profile prod --role-arn arn:aws:iam::123456789012:role/example-role --source-profile bob",
      says: "a role assumed with the credentials of profile bob",
    },
    { command: "awsrole add-profile", says: "interactive" },
    {
      command:
        "awsrole add-profile acme-dev --sso-session acme --sso-account-id 123456789012 --sso-role-name Developer",
      says: "a role of IAM Identity Center; at a terminal account and role are chosen from lists",
    },
    {
      command:
        "awsrole add-profile prod --role-arn arn:aws:iam::123456789012:role/example-role --credential-source Ec2InstanceMetadata --dry-run",
      says: "preview a profile that uses the EC2 instance's role",
    },
  ],
  async run(context, args) {
    const program = findProgram(runningProgram(context.env, context.platform), args.command);
    const { env, platform } = context;
    const checkName = (files: AwsFiles, name: string): void => {
      assertWritableName(name, platform);
      assertNotShadowed(files, name);
      if (!args.force) assertAbsent(files, name);
    };
    const given = args.positionals["NAME"];
    if (given !== undefined) assertWritableName(given, platform);
    assertNotEmpty(args);
    const said = readRoleOptions(args, process.cwd());
    assertOneSource(said);
    const isAsking = canAsk(context, args);
    if (isForSso(args) || (isAsking && said.length === 0 && (await wantsSso(context)))) {
      assertNoRole(said);
      return addSsoProfile(context, args, {
        name: given,
        isAsking,
        checkName,
        lineFor: (name) => credentialProcessLine(program, name),
        warnings: program.warnings,
      });
    }
    let answers: { name?: string | undefined; values: RoleValues } = { name: given, values: args };
    let isVerifying = args.verify === true;
    const prompts =
      missingParts(given, said).length > 0 && canAsk(context, args)
        ? await openPrompts()
        : undefined;
    if (prompts !== undefined) {
      const files = readAwsFiles(env, platform);
      if (given !== undefined) checkName(files, given);
      answers = await askForProfile(prompts, {
        files: () => readAwsFiles(env, platform),
        runCommand: (words) => runOwnCommand(context, words),
        name: given,
        values: onlyRoleOptions(args),
        checkName: (name) => checkName(files, name),
        defaultSessionName: defaultSessionName(),
        regionFor: (source) => defaultRegion(readAwsFiles(env, platform), env, source),
        openIam: (profile) => openSourceIam(context, profile, args),
      });
    }
    const { name, values } = answers;
    const settings = readRoleOptions(
      withRegion(readAwsFiles(env, platform), values, env),
      process.cwd(),
    ).filter(([, value]) => value !== "");
    const missing = missingParts(name, settings);
    if (name === undefined || missing.length > 0) throw isMissing(missing);
    const keys: KeyValue[] = [
      ["credential_process", credentialProcessLine(program, name)],
      ...settings,
    ];
    if (prompts !== undefined && !args["dry-run"]) {
      prompts.show(
        `[profile ${name}]`,
        keys.map(([key, value]) => `${key} = ${shownValue(key, value)}`),
      );
      const yes = {
        verify: "Yes, and verify it by assuming the role",
        write: "Yes",
        cancel: "No",
      } as const;
      const decisions = Object.entries(yes).map(([value, label]) => ({ value, label }));
      const decision = await prompts.choose(
        `Add it to ${shown(context, readAwsFiles(env, platform).config.file)}?`,
        decisions.filter(({ value }) => value !== "verify" || args.verify === undefined),
      );
      if (decision === "cancel")
        throw new AwsRoleError("ERR_PERSON_REFUSED", "nothing was changed");
      isVerifying ||= decision === "verify";
    }
    const change = await editConfig(context, {
      action: `add-profile ${name}`,
      dryRun: args["dry-run"],
      edit: (files) => addProfile(files, name, keys, args.force),
      review: (files) => [
        ...program.warnings,
        ...(settings.some(([key]) => key === "region")
          ? []
          : ["the profile has no region: many AWS commands need one (--region)"]),
        ...reviewProfile(files, name, env),
      ],
    });
    const report = {
      facts: {
        profile: name,
        settings: Object.fromEntries(keys.map(([key, value]) => [key, shownValue(key, value)])),
      },
      done: `added profile ${name} to ${change.file}`,
      next: `aws sts get-caller-identity --profile ${name}`,
    };
    if (!isVerifying || args["dry-run"]) {
      reportChange(context, args, change, report);
      return 0;
    }
    return reportVerification(context, args, change, report, () =>
      verifyProfile(context, name, args),
    );
  },
});

/** A command of awsrole as a process of its own, which asks at this terminal. */
async function runOwnCommand(context: Context, words: readonly string[]): Promise<boolean> {
  const { env, platform } = context;
  const ended = await runProcess({
    words: [...sameProgram(runningProgram(env, platform)), ...words],
    what: `awsrole ${words[0]}`,
    env,
    platform,
    timeoutMs: longestMs,
    mostCharacters: 100_000,
    terminal: 0,
  });
  if (ended.kind === "exited") context.stdout(ended.output);
  return ended.kind === "exited" && ended.code === 0;
}

/** Typing a key, or signing in in the browser. */
const longestMs = 15 * 60_000;

/** The values with the region that the profile gets without `--region`, if there is one. */
function withRegion(files: AwsFiles, values: RoleValues, env: Environment): RoleValues {
  if (values.region !== undefined) return values;
  const source = values["source-profile"];
  const region = defaultRegion(files, env, typeof source === "string" ? source : undefined);
  return region === undefined ? values : { ...values, region };
}

function onlyRoleOptions(args: RoleValues): RoleValues {
  const options = Object.keys(roleOptions) as (keyof RoleValues)[];
  return Object.fromEntries(options.map((option) => [option, args[option]]));
}

/** What add-profile cannot do without, as one would give it. */
function missingParts(name: string | undefined, settings: readonly KeyValue[]): readonly string[] {
  const has = (option: keyof typeof roleOptions): boolean =>
    settings.some(([key, value]) => key === keyOfOption[option] && value !== "");
  return [
    ...(name === undefined ? ["NAME"] : []),
    ...(has("role-arn") ? [] : ["--role-arn ARN"]),
    ...(sourceOptions.some((option) => has(option))
      ? []
      : [
          "the role's source (--source-profile NAME, --credential-source KIND, --web-identity-token-file FILE or --saml-process COMMAND)",
        ]),
  ];
}

function isMissing(parts: readonly string[]): AwsRoleError {
  return new AwsRoleError("ERR_USAGE", `add-profile: missing ${parts.join(", ")}`, {
    hint: "see awsrole add-profile --help; in a terminal, without --no-input and --json, it prompts for what is missing",
  });
}

/** To edit-profile an empty value means something; here it is a variable of a script that was not set. */
function assertNotEmpty(values: RoleValues): void {
  const empty = Object.entries(onlyRoleOptions(values)).find(([, value]) =>
    [value].flat().includes(""),
  );
  if (empty === undefined) return;
  throw new AwsRoleError("ERR_USAGE", `add-profile: --${empty[0]} is empty`, {
    hint: "give it a value, or remove the option",
  });
}

function assertOneSource(settings: readonly KeyValue[]): void {
  const sources = sourceOptions.filter((option) =>
    settings.some(([key, value]) => key === keyOfOption[option] && value !== ""),
  );
  if (sources.length < 2) return;
  throw new AwsRoleError(
    "ERR_USAGE",
    `add-profile: choose one source, not ${sources.map((option) => `--${option}`).join(" and ")}`,
    { hint: "keep one of them" },
  );
}

/** Asked only where there is a session, and nothing was said that decides it. @throws ERR_INTERRUPTED. */
async function wantsSso({ env, platform }: Context): Promise<boolean> {
  if (readAwsFiles(env, platform).ssoSessionNames().length === 0) return false;
  const prompts = await openPrompts();
  return prompts.choose("What is the profile for?", [
    { value: true, label: "A role of IAM Identity Center" },
    { value: false, label: "An IAM role, assumed with the credentials of another profile" },
  ]);
}

/** GetRoleCredentials takes nothing of a role's settings: they could only be ignored. */
function assertNoRole(settings: readonly KeyValue[]): void {
  const found = settings.find(([key]) => key !== "region" && key !== "output");
  if (found === undefined) return;
  const [option] = Object.entries(keyOfOption).find(([, key]) => key === found[0]) ?? [];
  throw new AwsRoleError(
    "ERR_USAGE",
    `add-profile: --${option} cannot be applied to a role of IAM Identity Center`,
    { hint: "make a role profile that has this one as its --source-profile" },
  );
}

function addProfile(
  files: AwsFiles,
  name: string,
  keys: readonly KeyValue[],
  isReplacing: boolean,
): Document {
  assertNotShadowed(files, name);
  if (!isReplacing) assertAbsent(files, name);
  const id = { kind: "profile", name } as const;
  const exists = files.config.find("profile", name).length > 0;
  return addSection(exists ? deleteSection(files.config, id) : files.config, id, keys);
}

function assertAbsent({ config }: AwsFiles, name: string): void {
  const [existing] = config.find("profile", name);
  if (existing === undefined) return;
  throw new AwsRoleError(
    "ERR_PROFILE_EXISTS",
    `profile ${name} already exists: ${config.file}:${config.lineAt(existing.start)}`,
    { hint: `change it with awsrole edit-profile ${name}, or replace it with --force` },
  );
}
