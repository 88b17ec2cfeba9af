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
  "config-syntax": error("the section cannot be read, and some SDKs refuse the whole file"),
  "indented-comment": warning("some SDKs take it for an error, or for a part of the value above"),
  "odd-key": warning("nobody reads it"),
  "unread-section": warning("nobody reads it"),
  "odd-header": warning("a profile that one tool finds does not exist for the next"),
  "indented-header": error(
    "awsrole, Java and Rust have it for a part of the setting above, or refuse the file where there is none",
  ),
  "twin-section": error(
    "to the AWS CLI and boto3 the last of the two is the whole profile, and other tools see one of them alone",
  ),
  "inline-comment": error(
    "the AWS CLI and boto3 take it for a part of the value: a region, role or start URL that does not exist",
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
  "file-writable": error("whoever can write it decides which program your AWS tools start"),
  "file-owner": error("its owner decides which program your AWS tools start"),

  // Profiles
  "profile-invalid": error("whoever uses the profile fails"),
  "profile-cycle": error("whoever uses the profile fails"),
  "source-missing": error("the role has nobody to assume it"),
  "continued-value": error(
    "an indented line belongs to the value above it, even one that looks like a comment",
  ),
  "unknown-key": error("a mistyped setting would be ignored in silence, so the profile is refused"),
  "plain-and-prefixed": error(
    "SDKs use the plain key and never ask awsrole, or refuse the profile",
  ),
  "role-and-process": error(
    "Go and Terraform refuse such a profile, and most others pass by the command",
  ),
  shadowed: error("most SDKs use what the credentials file has and never ask awsrole"),
  "short-session": warning(
    "many SDKs renew 15 minutes ahead: such a session is asked for again before every call",
  ),
  "capped-session": warning(
    "AWS allows an hour when temporary credentials sign, so the session is shorter than the profile says",
  ),
  "clients-disagree": warning("the same profile is another identity, or none, in the next program"),
  "java-v1-file": note(
    "the AWS SDK for Java v1 (Hadoop and Spark 3, older Jenkins plugins) reads that file instead of the config file, and finds no other profile",
  ),
  "name-for-crt": note(
    "older releases of the AWS CRT (Mountpoint 1.x, s3torchconnector 1.5) do not find a profile whose name has more than letters, digits, - and _",
  ),
  "mfa-device": error(
    "AWS takes six digits, which it can never give: every call that needs a code fails",
  ),
  "mfa-process-shell": error("the command gets these characters as words, and prints no code"),
  "region-unknown": error("AWS has no host of that name, which looks like a network that fails"),
  "process-shell": warning("it works in JavaScript and Go, and fails in the AWS CLI and boto3"),
  "region-partition": error("no key, role or host of one partition is known in another"),
  "no-region": warning("AWS tools fail without a region, or guess one"),
  "plaintext-key": warning("every program you run can read it, and so can every backup"),
  "token-file-missing": error("the role is assumed with the token in it"),
  "key-not-stored": error("no store of this machine is known to hold the key"),

  // The program in the profile
  "no-process-line": error("without it no SDK asks awsrole"),
  "other-profile-in-line": error("SDKs get another profile's credentials"),
  "line-unreadable": error("AWS tools cannot start it"),
  "line-quotes": error("Go and Terraform take a pair of quotes around the whole value away"),
  "line-options": error("awsrole refuses the line, or asks AWS again at every call"),
  "line-variables": error("no shell reads the line in most SDKs: nothing in it is expanded"),
  "program-not-absolute": error(
    "editors and other programs of the desktop have another PATH than your shell",
  ),
  "program-spaces": error("without quotes the path ends at the space"),
  "program-quoted": note(
    "Go SDK v1 (s5cmd, aws-iam-authenticator, older rclone) drops the quotes, and the path ends at the space",
  ),
  "program-extension": error("the AWS CLI and boto3 look for a file of exactly that name"),
  "program-missing": error("AWS tools cannot start it"),
  "program-unreliable": error("it may vanish, or be somebody else's, the next time"),

  // The environment
  "env-key": warning("most AWS tools prefer it to AWS_PROFILE"),
  "env-expired": error("AWS tools use it all the same, and AWS refuses it"),
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
  "default-first": error("the programs use [default] without a word, and not the endpoint"),
  "env-chain": error(
    "awsrole takes itself for the child of its own command, and refuses these profiles",
  ),
  "proxy-invalid": error("nothing that goes through it reaches AWS"),
  "ca-bundle-unreadable": error("no server can be trusted, so AWS cannot be reached"),
  "store-unknown": error("every command that needs the store fails"),

  // Node
  "node-old": error("awsrole and the AWS SDK below it are not tested with it"),
  "node-options": warning("it loads or changes what runs inside awsrole, next to your keys"),
  "node-tls-off": error(
    "programs of node trust everybody who answers in AWS's place (awsrole does not obey it)",
  ),
  "node-debug": error("node then prints request headers, session tokens among them"),
  "node-extra-certificates": error("node warns about it on stderr, which some SDKs read as output"),

  // What awsrole keeps
  "state-open": warning("other users of this machine can see which roles you use"),
  "row-orphaned": warning("the profile is gone, but its session or key may still be in the store"),
  "row-expired": warning("the session has been useless for more than a week"),
  "runtime-folder-missing": warning(
    "processes cannot share one fetch, so that each asks AWS (and you) by itself",
  ),
  "runtime-folder-taken": warning(
    "in a shared folder any user can take the name; nothing is kept in theirs",
  ),
  "key-unreachable": error("every role that the key signs for fails: in cron, systemd, tmux or su"),
  "bus-refused": warning(
    "another user who listens there would be given every session and key that is stored",
  ),
  "store-refused": error("a store that is named must work: every command that needs it fails"),
  "store-unusable": warning(
    "no session is kept: every call fetches anew, and a code is asked for each time",
  ),
  "store-locked": warning("until it is unlocked no session is kept or found"),

  "login-expired": warning("what is not cached yet fails until you sign in"),

  // At AWS, with --online
  "aws-unreachable": error("no session can be fetched"),
  "clock-wrong": error(
    "AWS refuses what is signed 15 minutes off, and SDKs misjudge when credentials expire",
  ),
  "key-old": warning("the longer a key lives, the more places it can have leaked to"),
  "key-unchecked": warning("its age is not known"),
  "item-missing": warning("the next call fetches anew; a key must be added again"),
} as const satisfies Readonly<Record<string, Entry>>;

export type FindingId = keyof typeof catalogue;
