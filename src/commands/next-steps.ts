/** What to do next on this machine, by what is in the AWS files: what `awsrole` alone proposes. */
import type { NextStep } from "../cli/help.ts";
import type { AwsFiles } from "../config/files.ts";
import { describeProfile, hasCredentials, type ProfileSummary } from "../profiles/summary.ts";

/** Enough to know what someone works with; a config of thousands is not read for it. */
const profilesRead = 200;
const stepsShown = 4;

/** At most four steps, the most useful first. Never empty. */
export function nextSteps(files: AwsFiles): readonly NextStep[] {
  const profiles = files
    .profileNames()
    .slice(0, profilesRead)
    .map((name) => describeProfile(files, name));
  const first = (...kinds: readonly string[]): string | undefined =>
    profiles.find(({ kind }) => kinds.includes(kind))?.name;
  const managed = first("managed role");
  const source = first("key in the store", "plain-text key", "sso", "aws login", "process");
  const plainKey = first("plain-text key");
  const standard = profiles.filter(({ kind }) => kind === "role").map(({ name }) => name);
  const session = files.ssoSessionNames()[0];
  const steps = [
    ...(managed === undefined ? [] : useOf(managed)),
    step(
      sourceWithoutKey(profiles),
      (name) => `awsrole add-key ${name}`,
      "store the access key that your roles are assumed with",
    ),
    step(
      standard[0],
      (name) => (standard.length === 1 ? `awsrole adopt ${name}` : "awsrole adopt --all"),
      `let awsrole provide the credentials of your ${standard.length === 1 ? "role profile" : "role profiles"}`,
    ),
    step(
      plainKey,
      (name) => `awsrole add-key ${name} --from-credentials-file`,
      "move an access key from the credentials file to the keychain",
    ),
    step(
      isSynced(profiles) ? undefined : session,
      (name) => `awsrole login ${name}`,
      "sign in to IAM Identity Center",
    ),
    step(
      isSynced(profiles) ? undefined : session,
      (name) => `awsrole sync ${name}`,
      "write a profile for every account and role you have access to",
    ),
    step(
      managed === undefined ? source : undefined,
      () => "awsrole add-profile",
      "create a role profile (interactive)",
    ),
    step(
      managed === undefined && standard.length === 0
        ? (plainKey ?? first("key in the store"))
        : undefined,
      (name) => `awsrole setup NAME --admin-profile ${name}`,
      "or create a user and a role, if that key may call IAM",
    ),
  ].flatMap((one) => one ?? []);
  return (steps.length > 0 ? steps : fromNothing).slice(0, stepsShown);
}

const fromNothing: readonly NextStep[] = [
  { command: "awsrole login", description: "set up IAM Identity Center (AWS SSO)" },
  {
    command: "awsrole add-key NAME",
    description: "store an IAM user's access key in the keychain",
  },
  { command: "awsrole add-profile", description: "create a role profile (interactive)" },
  {
    command: "awsrole setup NAME --admin-profile ADMIN",
    description: "create a user and a role with an administrator's profile",
  },
];

function useOf(name: string): readonly NextStep[] {
  return [
    { command: `awsrole whoami ${name}`, description: "check that you can assume the role" },
    { command: `aws s3 ls --profile ${name}`, description: "use it with any AWS tool" },
  ];
}

function step(
  name: string | undefined,
  command: (name: string) => string,
  description: string,
): NextStep | undefined {
  return name === undefined ? undefined : { command: command(name), description };
}

/** A profile whose credentials a role needs, and that has none. */
function sourceWithoutKey(profiles: readonly ProfileSummary[]): string | undefined {
  const sources = new Set(profiles.map(({ sourceProfile }) => sourceProfile));
  return profiles.find(
    (profile) => sources.has(profile.name) && profile.kind !== "broken" && !hasCredentials(profile),
  )?.name;
}

function isSynced(profiles: readonly ProfileSummary[]): boolean {
  return profiles.some(({ kind }) => kind === "sso");
}
