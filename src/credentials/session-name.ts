/**
 * A role session's name, which CloudTrail shows: as it is in the profile, or from a template. What is filled in is fitted to the characters that STS
 * takes (`team/prod` becomes `team-prod`); it is never cut, because two names that differ only behind the cut would be one in CloudTrail.
 *
 * `{iam-user}` is filled in when the role is assumed, because only AWS knows it. Until then it is part of the name, also in the cache key, where
 * the signer's own identity is beside it.
 */
import { hostname } from "node:os";
import { AwsRoleError } from "../foundation/errors.ts";
import { userName } from "./user-name.ts";

const longest = 64;
const signerPlace = "{iam-user}";

/** The session name of a role that is given none: the OS user's. */
export function defaultSessionName(): string {
  const fitted = fit(nameOfUser()).slice(0, longest);
  return fitted.length >= 2 ? fitted : "awsrole";
}

/**
 * The name, with all filled in but `{iam-user}`.
 * @throws ERR_PROFILE_INVALID where it is then too long or too short, or the OS user has no name.
 */
export function expandSessionName(template: string, profile: string): string {
  if (!template.includes("{")) return template;
  const name = template.replaceAll(/\{(user|host|profile)\}/g, (_, place: string) =>
    place === "profile"
      ? fit(profile)
      : place === "host"
        ? fit(nameOfHost())
        : requireUser(profile),
  );
  return name.includes(signerPlace) ? name : requireLength(name, template, profile);
}

/** True while the signer's name is still to be filled in. */
export function wantsSigner(name: string): boolean {
  return name.includes(signerPlace);
}

/**
 * The name with the signer filled in: an IAM user's name, the session name of a role, `root`; of the ARN by GetCallerIdentity.
 * @throws ERR_PROFILE_INVALID where it is then too long.
 */
export function withSigner(name: string, signerArn: string, profile: string): string {
  const signer = fit(signerArn.split(/[:/]/).at(-1) ?? "");
  return requireLength(name.replaceAll(signerPlace, signer), name, profile);
}

function fit(text: string): string {
  return text.replaceAll(/[^\w+=,.@-]/g, "-");
}

/** Without the domain. */
function nameOfHost(): string {
  return hostname().split(".")[0] ?? "";
}

/** Empty for a user id without an entry in the password database, as in containers. */
function nameOfUser(): string {
  try {
    return userName();
  } catch {
    return "";
  }
}

function requireUser(profile: string): string {
  const name = fit(nameOfUser());
  if (name !== "") return name;
  throw invalid(
    profile,
    "{user} has no value: this user id has no name here",
    "use a name of your own",
  );
}

function requireLength(name: string, template: string, profile: string): string {
  if (name.length >= 2 && name.length <= longest) return name;
  throw invalid(
    profile,
    `the session name ${template} becomes ${name} (length ${name.length})`,
    `AWS takes 2 to ${longest}: use a ${name.length < 2 ? "longer" : "shorter"} one`,
  );
}

function invalid(profile: string, problem: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_PROFILE_INVALID", `profile ${profile}: ${problem}`, { hint });
}
