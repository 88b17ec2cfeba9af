/**
 * The dialogue of `add-profile`: what is not on the command line is asked for, and nothing else. Every question is an option, too;
 * the answers are the options' values, and are checked by the same rules.
 *
 * Roles and devices are offered if the source profile may list them. If it may not, or AWS cannot be reached, they are typed.
 */
import type { Iam, RoleInfo } from "../../aws/iam.ts";
import type { Choice, Prompts } from "../../cli/prompts.ts";
import type { AwsFiles } from "../../config/files.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import {
  describeProfile,
  hasCredentials,
  isUserKey,
  type ProfileSummary,
} from "../../profiles/summary.ts";
import { check, type RoleValues, sourceOptions } from "../../profiles/profile-options.ts";

export type ProfileQuestions = {
  readonly files: AwsFiles;
  /** What was said: it is not asked. An option that was given as `""` was said to be absent. */
  readonly name: string | undefined;
  readonly values: RoleValues;
  /** Throws for a name that will not do. */
  readonly checkName: (name: string) => void;
  /** The session name that a profile without one has. */
  readonly defaultSessionName: string;
  /** IAM, signed by that profile. */
  readonly openIam: (profile: string) => Promise<Iam>;
};

/** The whole profile: what was said, and what was answered. @throws ERR_INTERRUPTED. */
export async function askForProfile(
  prompts: Prompts,
  questions: ProfileQuestions,
): Promise<{ readonly name: string; readonly values: RoleValues }> {
  const { files, values: said, defaultSessionName } = questions;
  const name =
    questions.name ??
    (await prompts.ask("What shall the new profile be called?", { check: questions.checkName }));
  const values: Record<string, string | string[] | undefined> = { ...said };
  const isUnsaid = (option: keyof RoleValues): boolean => values[option] === undefined;
  if (sourceOptions.every(isUnsaid)) Object.assign(values, await askSource(prompts, files, name));
  const source = sourceOf(files, values["source-profile"]);
  const iam = listsOf(prompts, source, questions.openIam);
  let role: RoleInfo | undefined;
  if (isUnsaid("role-arn")) {
    role = await askRole(prompts, (await iam.roles()) ?? []);
    values["role-arn"] = role.arn;
  }
  if (isUnsaid("mfa-serial") && source !== undefined && isUserKey(source))
    values["mfa-serial"] = await askDevice(prompts, await iam.devices(), role?.asksForMfa === true);
  if (isUnsaid("role-session-name"))
    values["role-session-name"] = await askOptional(
      prompts,
      "role-session-name",
      "What are its sessions called in CloudTrail?",
      defaultSessionName,
    );
  if (isUnsaid("duration-seconds"))
    values["duration-seconds"] = await askDuration(prompts, role, source);
  return { name, values };
}

async function askSource(prompts: Prompts, files: AwsFiles, name: string): Promise<RoleValues> {
  const profiles = files
    .profileNames()
    .filter((other) => other !== name)
    .map((other) => describeProfile(files, other))
    .filter(hasCredentials);
  // Keys and logins first: they are what roles are mostly assumed with.
  const sorted = [
    ...profiles.filter(({ roleArn }) => roleArn === undefined),
    ...profiles.filter(({ roleArn }) => roleArn !== undefined),
  ];
  return prompts.choose<RoleValues>(
    "Whose credentials assume the role?",
    [
      ...sorted.map((one): Choice<RoleValues> => ({
        value: { "source-profile": one.name },
        label: one.name,
        hint: one.roleArn ?? one.kind,
      })),
      {
        value: { "credential-source": "Environment" },
        label: "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      },
      {
        value: { "credential-source": "Ec2InstanceMetadata" },
        label: "the EC2 instance that this runs on",
      },
      { value: { "credential-source": "EcsContainer" }, label: "the container that this runs in" },
    ],
    { isSearchable: true },
  );
}

async function askRole(prompts: Prompts, roles: readonly RoleInfo[]): Promise<RoleInfo> {
  const type = async (): Promise<RoleInfo> => ({
    arn: await prompts.ask("What is the role's ARN?", { check: (arn) => check("role-arn", arn) }),
    maxSessionSeconds: undefined,
    asksForMfa: false,
  });
  if (roles.length === 0) return type();
  const chosen = await prompts.choose<RoleInfo | undefined>(
    "Which role?",
    [
      ...roles.map((role) => ({
        value: role,
        label: role.arn.replace(/^arn:[^:]+:iam::\d+:role\//, ""),
        hint: `${role.arn}${role.asksForMfa ? ", asks for MFA" : ""}`,
      })),
      { value: undefined, label: "another one: type its ARN", isAlwaysShown: true },
    ],
    { isSearchable: true },
  );
  return chosen ?? type();
}

/** `""` for no device. */
async function askDevice(
  prompts: Prompts,
  devices: readonly string[] | undefined,
  isWanted: boolean,
): Promise<string> {
  const type = (): Promise<string> =>
    askOptional(prompts, "mfa-serial", "Which MFA device does the role ask for?", "none");
  if (devices === undefined) return type();
  const other = "other";
  const chosen = await prompts.choose<string>(
    "Does the role ask for an MFA code?",
    [
      { value: "", label: "no" },
      ...devices.map((serial) => ({ value: serial, label: `yes, of ${serial}` })),
      { value: other, label: "yes, of another device: type its serial" },
    ],
    { initial: isWanted ? (devices[0] ?? other) : "" },
  );
  return chosen === other ? type() : chosen;
}

async function askDuration(
  prompts: Prompts,
  role: RoleInfo | undefined,
  source: ProfileSummary | undefined,
): Promise<string> {
  const isChained = source?.roleArn !== undefined;
  const most = isChained ? 3600 : (role?.maxSessionSeconds ?? 43_200);
  return askOptional(
    prompts,
    "duration-seconds",
    `How many seconds does a session last (900 to ${most})?`,
    "3600",
    (value) => {
      if (Number(value) > most)
        throw new AwsRoleError(
          "ERR_USAGE",
          isChained
            ? "a role that another role assumes lasts 3600 seconds at most"
            : `this role's sessions last ${most} seconds at most`,
        );
    },
  );
}

/** `""` when the default will do: what is not written follows the default. */
async function askOptional(
  prompts: Prompts,
  option: "role-session-name" | "duration-seconds" | "mfa-serial",
  question: string,
  byDefault: string,
  checkMore: (value: string) => void = () => {},
): Promise<string> {
  const answer = await prompts.ask(question, {
    byDefault,
    check: (value) => {
      if (value === byDefault) return;
      check(option, value);
      checkMore(value);
    },
  });
  return answer === byDefault ? "" : answer;
}

function sourceOf(
  files: AwsFiles,
  profile: string | string[] | undefined,
): ProfileSummary | undefined {
  if (typeof profile !== "string" || !files.profileNames().includes(profile)) return undefined;
  return describeProfile(files, profile);
}

/** What IAM lists for the source, as far as it does: why it does not is said, once. */
function listsOf(
  prompts: Prompts,
  source: ProfileSummary | undefined,
  openIam: (profile: string) => Promise<Iam>,
) {
  let iam: Promise<Iam> | undefined;
  let isTold = false;
  const list = async <T>(what: string, ask: (iam: Iam) => Promise<T>): Promise<T | undefined> => {
    if (source === undefined) return undefined;
    try {
      return await ask(await (iam ??= openIam(source.name)));
    } catch (error) {
      if (!isAwsRoleError(error) || error.code === "ERR_INTERRUPTED") throw error;
      if (!isTold) prompts.tell(`${source.name} cannot list ${what}: ${error.message}`);
      isTold = true;
      return undefined;
    }
  };
  return {
    roles: () => list("roles", (open) => open.listRoles()),
    devices: () => list("MFA devices", (open) => open.listMfaDevices()),
  };
}
