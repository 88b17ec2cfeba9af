/**
 * Where the user's two AWS files are (docs.aws.amazon.com, sdkref/latest/guide/file-location.html).
 *
 * - `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, else `config` and `credentials` in `.aws` in the home folder;
 *   `~` alone and a leading `~/` stand for the home folder.
 * - Home is `HOME`; on Windows `HOME`, then `USERPROFILE`, then `HOMEDRIVE` + `HOMEPATH`. When none is set, what the
 *   system has on record.
 */
import type { Environment } from "../foundation/environment.ts";
import { posix, win32 } from "node:path";
import { AwsRoleError } from "../foundation/errors.ts";
import type { FileKind } from "./document.ts";

/** Where the two files are, or would be; absolute paths. Throws ERR_CONFIG_READ if there is no home folder to look in. */
export function awsFilePaths(
  env: Environment,
  platform: NodeJS.Platform,
): Record<FileKind, string> {
  const path = platform === "win32" ? win32 : posix;
  const locate = (variable: string, name: string): string => {
    const chosen = env[variable];
    // An empty variable counts as none, as in the Go SDK: it never means "no file".
    if (chosen === undefined || chosen === "")
      return path.resolve(homeFolder(env, platform), ".aws", name);
    return path.resolve(expandHome(chosen, env, platform));
  };
  return {
    config: locate("AWS_CONFIG_FILE", "config"),
    credentials: locate("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
  };
}

function expandHome(file: string, env: Environment, platform: NodeJS.Platform): string {
  const leading = platform === "win32" ? /^~(?=$|[\\/])/ : /^~(?=$|\/)/;
  return leading.test(file) ? homeFolder(env, platform) + file.slice(1) : file;
}

/** The user's home folder by the rules above. Throws ERR_CONFIG_READ if there is none. */
export function homeFolder(env: Environment, platform: NodeJS.Platform): string {
  const named = (value: string | undefined): string | undefined =>
    value === "" ? undefined : value;
  const drive = named(env["HOMEDRIVE"]);
  const onDrive = named(env["HOMEPATH"]);
  const windows =
    platform === "win32"
      ? (named(env["USERPROFILE"]) ?? (drive && onDrive && drive + onDrive))
      : undefined;
  // Without any of them (a service, `env -i`) the system's own record of the user, as the AWS CLI does.
  const home = named(env["HOME"]) ?? windows ?? systemHome();
  if (home !== undefined) return home;
  throw new AwsRoleError("ERR_CONFIG_READ", "no home folder to find the AWS config in", {
    hint: "set HOME, or AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE",
  });
}

/**
 * HOME and USERPROFILE where they name different folders on Windows (Git Bash, Emacs and company drives set HOME), and the files are not
 * named by variables of their own: Python and Go look in the second, JavaScript and awsrole in the first.
 */
export function differingHomes(
  env: Environment,
  platform: NodeJS.Platform,
): readonly [home: string, userProfile: string] | undefined {
  const { HOME: home, USERPROFILE: userProfile } = env;
  if (platform !== "win32" || !home || !userProfile) return undefined;
  if (env["AWS_CONFIG_FILE"] && env["AWS_SHARED_CREDENTIALS_FILE"]) return undefined;
  const isSame = win32.resolve(home).toLowerCase() === win32.resolve(userProfile).toLowerCase();
  return isSame ? undefined : [home, userProfile];
}

/** What people should know about differing homes; undefined where they do not differ. */
export function homesWarning(env: Environment, platform: NodeJS.Platform): string | undefined {
  const homes = differingHomes(env, platform);
  if (homes === undefined) return undefined;
  return `HOME is ${homes[0]}, and USERPROFILE is ${homes[1]}: awsrole and JavaScript read .aws in the first, the AWS CLI, boto3 and Go in the second`;
}

/** Loaded only here: most runs have a HOME. */
function systemHome(): string | undefined {
  try {
    return process.getBuiltinModule("node:os").userInfo().homedir;
  } catch {
    return undefined;
  }
}
