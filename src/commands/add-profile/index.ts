import { shownValue } from "../../config/secret-keys.ts";
import { canAsk, openPrompts } from "../../cli/prompts.ts";
import { defineCommand } from "../../cli/command.ts";
import type { Document } from "../../config/document.ts";
import { addSection, deleteSection } from "../../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import { credentialProcessLine, findProgram, runningProgram } from "../../program/program-path.ts";
import { assertWritableName } from "../../config/names.ts";
import { defaultSessionName } from "../../credentials/chain.ts";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
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
  summary: "write a role profile that gets its credentials from awsrole",
  description:
    "Appends a role profile to the AWS config and leaves the rest of the file untouched. From then on, every AWS tool that reads profiles gets the role's credentials from awsrole. Without --region the profile gets the region of its source, of [default], or of the environment. In a terminal it prompts for missing values; Ctrl-C cancels.",
  positionals: { NAME: { describe: "the name of the new profile", isNew: true } },
  options: {
    ...roleOptions,
    ...writeOptions,
    verify: {
      type: "boolean",
      describe:
        "assume the role once it is written, and say who that is (--no-verify: do not offer it)",
    },
  },
  examples: [
    {
      command:
        "awsrole add-profile prod --role-arn arn:aws:iam::123456789012:role/example-role --source-profile bob",
      says: "a role that is assumed with the credentials of profile bob",
    },
    { command: "awsrole add-profile", says: "interactive" },
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
        files,
        name: given,
        values: onlyRoleOptions(args),
        checkName: (name) => checkName(files, name),
        defaultSessionName: defaultSessionName(),
        regionFor: (source) => defaultRegion(files, env, source),
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
        `Add it to ${readAwsFiles(env, platform).config.file}?`,
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
          "the role's source (--source-profile NAME, --credential-source KIND or --web-identity-token-file FILE)",
        ]),
  ];
}

function isMissing(parts: readonly string[]): AwsRoleError {
  return new AwsRoleError("ERR_USAGE", `add-profile: missing: ${parts.join(", ")}`, {
    hint: "awsrole add-profile --help shows an example; at a terminal, and without --no-input and --json, it asks for what is missing",
  });
}

/** To edit-profile an empty value means something; here it is a variable of a script that was not set. */
function assertNotEmpty(values: RoleValues): void {
  const empty = Object.entries(onlyRoleOptions(values)).find(([, value]) =>
    [value].flat().includes(""),
  );
  if (empty === undefined) return;
  throw new AwsRoleError("ERR_USAGE", `add-profile: --${empty[0]} is empty`, {
    hint: "give it a value, or leave it out",
  });
}

function assertOneSource(settings: readonly KeyValue[]): void {
  const sources = sourceOptions.filter((option) =>
    settings.some(([key, value]) => key === keyOfOption[option] && value !== ""),
  );
  if (sources.length < 2) return;
  throw new AwsRoleError(
    "ERR_USAGE",
    `add-profile: a role has one source, not ${sources.map((option) => `--${option}`).join(" and ")}`,
    { hint: "keep one of them" },
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
    `there is a profile ${name} already: ${config.file}:${config.lineAt(existing.start)}`,
    { hint: `awsrole edit-profile ${name} changes it, --force replaces it` },
  );
}
