/** Everything that `doctor` can find: how grave it is and why it matters. docs/reference/doctor.md lists it. */

/**
 * An error makes a profile fail or a secret leak; a warning is what will annoy. A note is right for most people, and wrong for those who use the tool
 * that it names: it is counted as neither.
 */
export type Severity = "error" | "warning" | "note";

type Entry = { readonly severity: Severity; readonly why: string };

const error = (why: string): Entry => ({ severity: "error", why });
const warning = (why: string): Entry => ({ severity: "warning", why });
const note = (why: string): Entry => ({ severity: "note", why });

/** The findings by their ids, which are stable. */
export const catalogue = {
  // The files
  "file-unreadable": error("without it there are no profiles"),
  "byte-order-mark": error("the AWS CLI and boto3 refuse every command as long as it is there"),
  "not-utf-8": error("the AWS CLI and boto3 refuse every command as long as it is there"),
  "config-syntax": error("the section cannot be read, and some SDKs refuse the whole file"),
  "indented-comment": warning("some SDKs report an error, or read it as part of the value above"),
  "odd-key": warning("it has no effect"),
  "unread-section": warning("it has no effect"),
  "odd-header": warning("a profile that one tool finds does not exist for the next"),
  "indented-header": error(
    "awsrole, Java and Rust have it for a part of the setting above, or refuse the file where there is none",
  ),
  "twin-section": error(
    "to the AWS CLI and boto3 the last of the two is the whole profile, and other tools see one of them alone",
  ),
  "inline-comment": error(
    "the AWS CLI and boto3 read it as part of the value: a region, role or start URL that does not exist",
  ),
  "indented-setting": error(
    "awsrole, Java and Rust have it for the end of a setting that is not there, and refuse it",
  ),
  "invisible-character": error(
    "some tools take it for a part of the name or the value, which then does not exist",
  ),
  "two-defaults": warning("SDKs disagree which of the two counts"),
  "duplicate-section": error(
    "the AWS CLI and boto3 refuse every command as long as it is there twice",
  ),
  "duplicate-key": error("the AWS CLI and boto3 refuse every command as long as it is there twice"),
  "link-broken": error("AWS tools read no profiles from there"),
  "file-readable": warning("other users of this machine can read the keys in it"),
  "file-writable": error("any user who can write it decides which program your AWS tools start"),
  "file-owner": error("its owner decides which program your AWS tools start"),

  // Profiles
  "profile-invalid": error("any program using the profile fails"),
  "profile-cycle": error("any program using the profile fails"),
  "source-missing": error("there are no source credentials for the role"),
  "continued-value": error(
    "an indented line belongs to the value above it, even one that looks like a comment",
  ),
  "unknown-key": error("a mistyped setting would be ignored silently, so the profile is refused"),
  "plain-and-prefixed": error(
    "SDKs use the plain key and never ask awsrole, or refuse the profile",
  ),
  "role-and-process": error(
    "Go and Terraform refuse such a profile, and most others ignore credential_process",
  ),
  shadowed: error("most SDKs use what the credentials file has and never ask awsrole"),
  "short-session": warning(
    "many SDKs renew 15 minutes ahead: such a session is fetched again before every call",
  ),
  "capped-session": warning(
    "AWS allows an hour when temporary credentials sign, so the session is shorter than the profile asks for",
  ),
  "clients-disagree": warning(
    "different programs get different identities, or none, from the same profile",
  ),
  "java-v1-file": note(
    "the AWS SDK for Java v1 (Hadoop and Spark 3, older Jenkins plugins) reads that file instead of the config file, and finds no other profile",
  ),
  "capital-key": warning("a setting that one tool reads does not exist for the next"),
  "name-for-crt": note(
    "older releases of the AWS CRT (Mountpoint 1.x, s3torchconnector 1.5) do not find a profile whose name has more than letters, digits, - and _",
  ),
  "mfa-device": error(
    "AWS requires six digits, which such a device cannot produce: every call that needs a code fails",
  ),
  "mfa-process-shell": error("the command gets these characters as arguments, and prints no code"),
  "saml-process-shell": error(
    "the command gets these characters as arguments, and prints no SAML response",
  ),
  "region-unknown": error("AWS has no host of that name, which looks like a network failure"),
  "process-shell": warning("it works in JavaScript and Go, and fails in the AWS CLI and boto3"),
  "region-partition": error("no key, role or host of one partition is known in another"),
  "no-region": warning("AWS tools fail without a region, or guess one"),
  "plaintext-key": warning("every program you run can read it, and so can every backup"),
  "token-file-missing": error("the role is assumed with the token in it"),
  "key-not-stored": error("no store on this machine is known to hold the key"),

  // The program in the profile
  "no-process-line": error("without it no SDK asks awsrole"),
  "other-profile-in-line": error("SDKs get another profile's credentials"),
  "line-unreadable": error("AWS tools cannot start it"),
  "line-quotes": error("Go and Terraform take a pair of quotes around the whole value away"),
  "line-options": error("awsrole refuses the line, or asks AWS again at every call"),
  "line-variables": error("no shell reads the line in most SDKs: nothing in it is expanded"),
  "program-not-absolute": error("desktop applications have a different PATH than your shell"),
  "program-spaces": error("without quotes the path ends at the space"),
  "program-quoted": note(
    "Go SDK v1 (s5cmd, aws-iam-authenticator, older rclone) drops the quotes, and the path ends at the space",
  ),
  "program-extension": error("the AWS CLI and boto3 look for a file of exactly that name"),
  "program-missing": error("AWS tools cannot start it"),
  "program-unreliable": error("the path is temporary or writable by others"),

  // The environment
  "env-key": warning("most AWS tools prefer it to AWS_PROFILE"),
  "env-expired": error("AWS tools still use it, and AWS refuses it"),
  "env-legacy": warning("old tools read it, new ones do not: they use different credentials"),
  "env-profile-missing": error("AWS tools fail, whichever profile you mean"),
  "env-profile-empty": error("the AWS CLI and boto3 look for a profile without a name, and fail"),
  "env-empty": error(
    "to the AWS CLI and boto3 an empty variable is a value, and not the absence of one",
  ),
  "env-half-key": error("the AWS CLI and boto3 fail, others pass by what is there"),
  "env-region-unknown": error(
    "it wins over the region of every profile, and AWS has no host of that name",
  ),
  "env-two-regions": warning(
    "boto3 reads AWS_DEFAULT_REGION, most SDKs AWS_REGION: they work in different regions",
  ),
  "env-two-profiles": warning(
    "boto3 and C++ take AWS_DEFAULT_PROFILE first, all others AWS_PROFILE",
  ),
  "env-two-homes": warning(
    "the AWS CLI, boto3 and Go look for .aws in USERPROFILE, awsrole and JavaScript in HOME: they read different profiles",
  ),
  "env-file-missing": warning("AWS tools read no profiles from there"),
  "default-first": error("the programs silently use [default] instead of the endpoint"),
  "env-chain": error(
    "awsrole concludes that it was started by its own command, and refuses these profiles",
  ),
  "proxy-invalid": error("nothing that goes through it reaches AWS"),
  "ca-bundle-unreadable": error("no server can be trusted, so AWS cannot be reached"),
  "store-unknown": error("every command that needs the store fails"),

  // Node
  "node-old": error("awsrole and the AWS SDK below it are not tested with it"),
  "node-options": warning("it loads or changes what runs inside awsrole, next to your keys"),
  "node-tls-off": error("Node programs accept any TLS certificate (awsrole ignores it)"),
  "node-debug": error("Node then prints request headers, including session tokens"),
  "node-extra-certificates": error("Node warns about it on stderr, which some SDKs read as output"),

  // What awsrole keeps
  "state-open": warning("other users of this machine can see which roles you use"),
  "row-orphaned": warning("the profile is gone, but its session or key may still be in the store"),
  "row-expired": warning("it expired more than a week ago"),
  "runtime-folder-missing": warning(
    "processes cannot share one fetch, so each asks AWS (and you) separately",
  ),
  "runtime-folder-taken": warning(
    "in a shared folder any user can take the name; awsrole stores nothing in theirs",
  ),
  "key-unreachable": error("every role that the key signs for fails: in cron, systemd, tmux or su"),
  "bus-refused": warning("another user listening there would receive every stored session and key"),
  "store-refused": error("every command that needs the configured store fails"),
  "store-unusable": warning(
    "no session is cached: every call fetches new credentials and may prompt for an MFA code",
  ),
  "store-locked": warning("until it is unlocked, no session is cached"),

  "login-expired": warning("what is not cached yet fails until you sign in"),

  // At AWS, with --online
  "aws-unreachable": error("no session can be fetched"),
  "clock-wrong": error(
    "AWS refuses what is signed 15 minutes off, and SDKs misjudge when credentials expire",
  ),
  "key-old": warning("the longer a key lives, the more places it can have leaked to"),
  "key-unchecked": warning("its age is not known"),
  "item-missing": warning("the next call fetches it again; an access key must be added again"),
} as const satisfies Readonly<Record<string, Entry>>;

export type FindingId = keyof typeof catalogue;

/** What is looked at, in words for people, and the finding with which its part of the catalogue begins. */
const areas = [
  ["file-unreadable", "AWS files"],
  ["profile-invalid", "profiles"],
  ["no-process-line", "programs in profiles"],
  ["env-key", "environment"],
  ["node-old", "Node"],
  ["state-open", "cache and store"],
  ["login-expired", "sign-ins"],
  ["aws-unreachable", "AWS"],
] as const satisfies readonly (readonly [FindingId, string])[];

export type Area = (typeof areas)[number][1];

/** All areas, in the order of the catalogue; `AWS` is looked at with --online only. */
export const areaNames: readonly Area[] = areas.map(([, name]) => name);

/** The area of a finding. */
export function areaOf(id: FindingId): Area {
  const ids = Object.keys(catalogue);
  const at = ids.indexOf(id);
  return areas.findLast(([first]) => ids.indexOf(first) <= at)?.[1] ?? "AWS files";
}
