/**
 * The dialogue of `add-profile`: what is not on the command line is asked for, and nothing else. Every question is an option, too;
 * the answers are the options' values, and are checked by the same rules.
 *
 * Roles and devices are offered if the source profile may list them. If it may not, or AWS cannot be reached, they are typed.
 */
import { chainedRoleSeconds, roleSessionSeconds } from "../../config/aws-limits.ts";
import { mfaDeviceProblem } from "../../config/mfa-device.ts";
import type { Iam, RoleInfo } from "../../aws/iam.ts";
import type { Choice, Prompts } from "../../cli/prompts.ts";
import type { AwsFiles } from "../../config/files.ts";
import { formatMinutes } from "../../cli/times.ts";
import { parseSeconds } from "../../foundation/duration.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import {
  describeProfile,
  hasCredentials,
  isUserKey,
  type ProfileSummary,
} from "../../profiles/summary.ts";
import { freeName } from "../../profiles/ask-sso.ts";
import { check, type RoleValues, sourceOptions } from "../../profiles/profile-options.ts";

export type ProfileQuestions = {
  /** Read again: a source may be added while it is asked for. */
  readonly files: () => AwsFiles;
  /** Runs another command of awsrole at this terminal; false where it failed. */
  readonly runCommand: (words: readonly string[]) => Promise<boolean>;
  /** What was said: it is not asked. An option that was given as `""` was said to be absent. */
  readonly name: string | undefined;
  readonly values: RoleValues;
  /** Throws for a name that will not do. */
  readonly checkName: (name: string) => void;
  /** The session name that a profile without one has. */
  readonly defaultSessionName: string;
  /** The region to propose for a role of this source. */
  readonly regionFor: (sourceProfile: string | undefined) => string | undefined;
  /** IAM, signed by that profile. */
  readonly openIam: (profile: string) => Promise<Iam>;
};

/** The whole profile: what was said, and what was answered. @throws ERR_INTERRUPTED. */
export async function askForProfile(
  prompts: Prompts,
  questions: ProfileQuestions,
): Promise<{ readonly name: string; readonly values: RoleValues }> {
  const { values: said, defaultSessionName } = questions;
  const values: Record<string, string | string[] | undefined> = { ...said };
  const isUnsaid = (option: keyof RoleValues): boolean => values[option] === undefined;
  if (sourceOptions.every(isUnsaid)) Object.assign(values, await askSource(prompts, questions));
  const source = sourceOf(questions.files(), values["source-profile"]);
  const iam = listsOf(prompts, source, questions.openIam);
  let role: RoleInfo | undefined;
  if (isUnsaid("role-arn")) {
    role = await askRole(prompts, (await iam.roles()) ?? []);
    values["role-arn"] = role.arn;
  }
  const name = questions.name ?? (await askName(prompts, questions, values["role-arn"]));
  if (isUnsaid("mfa-serial") && source !== undefined && isUserKey(source))
    values["mfa-serial"] = await askDevice(prompts, await iam.devices(), {
      isWanted: role?.asksForMfa === true,
      ofSource: deviceOf(questions.files(), source.name),
    });
  const isSaml = typeof values["saml-process"] === "string" && values["saml-process"] !== "";
  // With SAML the identity provider names the session.
  if (isUnsaid("role-session-name") && !isSaml)
    values["role-session-name"] = await askSessionName(prompts, defaultSessionName);
  if (isUnsaid("duration-seconds"))
    values["duration-seconds"] = await askDuration(prompts, role, source);
  if (isUnsaid("region")) {
    const sourceName = values["source-profile"];
    values["region"] = await askRegion(
      prompts,
      questions.regionFor(typeof sourceName === "string" ? sourceName : undefined),
    );
  }
  return { name, values };
}

/** The role's own name is proposed. */
function askName(
  prompts: Prompts,
  { files, checkName }: ProfileQuestions,
  roleArn: string | string[] | undefined,
): Promise<string> {
  const [, ofRole = ""] = /([\w.@+-]+)$/.exec(String(roleArn ?? "")) ?? [];
  const proposed = ofRole === "" ? {} : { byDefault: freeName(ofRole, files().profileNames()) };
  return prompts.ask("Profile name", { ...proposed, check: checkName });
}

/** The MFA device that a key's profile names. */
function deviceOf(files: AwsFiles, profile: string): string | undefined {
  const settings = files.profile(profile);
  return (settings?.get("awsrole_mfa_serial") ?? settings?.get("mfa_serial"))?.value;
}

/** Asks again after a source was added, or could not be. */
async function askSource(
  prompts: Prompts,
  { files, runCommand, name }: ProfileQuestions,
): Promise<RoleValues> {
  for (;;) {
    const chosen = await chooseSource(prompts, files(), name);
    if (chosen === "new key") {
      const key = await prompts.ask("Profile name for the access key", {
        check: (answer) => check("source-profile", answer),
      });
      if (await runCommand(["add-key", key])) return { "source-profile": key };
    } else if (typeof chosen === "object" && "session" in chosen) {
      const { session } = chosen;
      if (session === undefined)
        prompts.tell("Set up IAM Identity Center first, then try again: aws configure sso-session");
      else if (await runCommand(["login", "--sso-session", session]))
        await runCommand(["sync", session]);
    } else if (chosen === "saml") {
      return {
        "saml-process": await prompts.ask("Command that prints the SAML response in base64", {
          check: (answer) => check("saml-process", answer),
        }),
      };
    } else return chosen;
  }
}

type NewSource = "new key" | "saml" | { readonly session: string | undefined };

async function chooseSource(
  prompts: Prompts,
  files: AwsFiles,
  name: string | undefined,
): Promise<RoleValues | NewSource> {
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
  const sessions = files.ssoSessionNames();
  return prompts.choose<RoleValues | NewSource>(
    "Source of the credentials that assume the role",
    [
      ...sorted.map((one): Choice<RoleValues | NewSource> => ({
        value: { "source-profile": one.name },
        label: one.name,
        hint: one.roleArn ?? one.kind,
      })),
      {
        value: "new key",
        label: "A new access key",
        hint: "enter it now; it is stored in the keychain",
        isAlwaysShown: true,
      },
      ...(sessions.length === 0 ? [undefined] : sessions).map(
        (session): Choice<RoleValues | NewSource> => ({
          value: { session },
          label:
            session === undefined
              ? "IAM Identity Center (SSO)"
              : `Sign in to IAM Identity Center (${session})`,
          hint:
            session === undefined ? "set it up first" : "and add a profile for each of your roles",
          isAlwaysShown: true,
        }),
      ),
      {
        value: { "credential-source": "Environment" },
        label: "Environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      },
      {
        value: { "credential-source": "Ec2InstanceMetadata" },
        label: "EC2 instance role",
      },
      { value: { "credential-source": "EcsContainer" }, label: "ECS or EKS container role" },
      {
        value: "saml",
        label: "SAML",
        hint: "a command that signs in to your identity provider, like saml2aws",
      },
    ],
    { isSearchable: true },
  );
}

async function askRole(prompts: Prompts, roles: readonly RoleInfo[]): Promise<RoleInfo> {
  const type = async (): Promise<RoleInfo> => ({
    arn: await prompts.ask("Role ARN", { check: (arn) => check("role-arn", arn) }),
    maxSessionSeconds: undefined,
    asksForMfa: false,
  });
  if (roles.length === 0) return type();
  const chosen = await prompts.choose<RoleInfo | undefined>(
    "Role to assume",
    [
      ...roles.map((role) => ({
        value: role,
        label: role.arn.replace(/^arn:[^:]+:iam::\d+:role\//, ""),
        hint: `${role.arn}${role.asksForMfa ? ", requires MFA" : ""}`,
      })),
      { value: undefined, label: "Another role (enter its ARN)", isAlwaysShown: true },
    ],
    { isSearchable: true },
  );
  return chosen ?? type();
}

/** `""` for no device. */
async function askDevice(
  prompts: Prompts,
  devices: readonly string[] | undefined,
  { isWanted, ofSource }: { readonly isWanted: boolean; readonly ofSource: string | undefined },
): Promise<string> {
  const type = async (byDefault = "none"): Promise<string> => {
    const question = "MFA device (ARN or serial number; none)";
    const answer = await prompts.ask(question, {
      byDefault,
      check: (value) => {
        if (value !== "none") check("mfa-serial", value);
      },
    });
    return answer === "none" ? "" : answer;
  };
  if (devices === undefined) return type(ofSource);
  const other = "other";
  const chosen = await prompts.choose<string>(
    "MFA device",
    [
      { value: "", label: "none" },
      ...devices.map((serial) => ({ value: serial, label: serial })),
      { value: other, label: "Another device (enter its serial number)" },
    ],
    { initial: isWanted ? (devices.find((one) => one === ofSource) ?? devices[0] ?? other) : "" },
  );
  return chosen === other ? type() : chosen;
}

async function askDuration(
  prompts: Prompts,
  role: RoleInfo | undefined,
  source: ProfileSummary | undefined,
): Promise<string> {
  // Whatever is no long-term key gives temporary credentials, and a role assumed with those is a chained one.
  const isChained = source !== undefined && !isUserKey(source);
  const most = isChained
    ? chainedRoleSeconds
    : (role?.maxSessionSeconds ?? roleSessionSeconds.most);
  const longest = formatMinutes(most / 60);
  const { least, usual } = roleSessionSeconds;
  const answer = await prompts.ask(
    `Session duration (${formatMinutes(least / 60)} to ${longest}; 45m, 1h30m, or seconds)`,
    {
      byDefault: "1h",
      check: (value) => {
        const seconds = parseSeconds(value);
        check("duration-seconds", seconds === undefined ? value : String(seconds));
        if (seconds !== undefined && seconds > most)
          throw new AwsRoleError(
            "ERR_USAGE",
            isChained
              ? `a role assumed with temporary credentials lasts ${longest} at most`
              : `this role's sessions last ${longest} at most`,
          );
      },
    },
  );
  const seconds = parseSeconds(answer) ?? usual;
  return seconds === usual ? "" : String(seconds);
}

/** `""` for none. */
async function askRegion(prompts: Prompts, proposed: string | undefined): Promise<string> {
  const none = "none";
  const answer = await prompts.ask("Default region", {
    byDefault: proposed ?? none,
    check: (value) => {
      if (value !== none) check("region", value);
    },
  });
  return answer === none ? "" : answer;
}

/** `""` when the default will do: what is not written follows the default. */
async function askSessionName(prompts: Prompts, byDefault: string): Promise<string> {
  const answer = await prompts.ask("Role session name (shown in CloudTrail)", {
    byDefault,
    check: (value) => {
      if (value !== byDefault) check("role-session-name", value);
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
      if (!isTold)
        prompts.tell(
          `${source.name} cannot list ${what}: ${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}`,
        );
      isTold = true;
      return undefined;
    }
  };
  return {
    roles: () => list("roles", (open) => open.listRoles()),
    devices: () =>
      list("MFA devices", async (open) => {
        const serials = await open.listMfaDevices();
        // A security key or passkey gives no code.
        return serials.filter((serial) => mfaDeviceProblem(serial) === undefined);
      }),
  };
}
