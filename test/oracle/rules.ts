/**
 * Where awsrole differs from botocore on purpose: each rule with the part of the contract that it rests on.
 *
 * A difference that no rule explains is a bug of awsrole, or of the closed world. Rules are as narrow as they can be written: they look at both answers,
 * not only at their being different. docs/internals/oracle.md lists them with their counts.
 */
import type { Pair } from "./ask.ts";
import type { Difference } from "./compare.ts";
import type { OracleRow } from "./row.ts";

export type Rule = {
  readonly name: string;
  /** Where the contract says so. */
  readonly contract: string;
  /** What differs, and why awsrole is right. */
  readonly why: string;
  explains(difference: Difference, pair: Pair, row: OracleRow): boolean;
};

/** A rule about pairs of which one program gives credentials and the other refuses: everything differs then. */
function ofKind(
  name: string,
  contract: string,
  why: string,
  explains: (pair: Pair, row: OracleRow) => boolean,
): Rule {
  return {
    name,
    contract,
    why,
    explains: (_, pair, row) =>
      pair.ours.outcome.kind !== pair.theirs.outcome.kind && explains(pair, row),
  };
}

/** A rule about single places in answers that are of one kind. */
function ofPlace(
  name: string,
  contract: string,
  why: string,
  explains: (difference: { path: string; ours: string; theirs: string }, pair: Pair) => boolean,
): Rule {
  return {
    name,
    contract,
    why,
    explains: ({ path, ours = "", theirs = "" }, pair) =>
      pair.ours.outcome.kind === pair.theirs.outcome.kind && explains({ path, ours, theirs }, pair),
  };
}

const hasComment = ({ config, credentials = "" }: OracleRow): boolean =>
  /[ \t][#;]/.test(`${config}\n${credentials}`);
const stsRegion = (where: string): string | undefined =>
  /^https:\/\/sts\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?:443$/.exec(where)?.[1];
const globalSts = "https://sts.amazonaws.com:443";
const actions = ({ asked }: Pair["ours"]): readonly unknown[] =>
  asked.map(({ body }) => body["Action"]);

export const rules: readonly Rule[] = [
  ofPlace(
    "session-name",
    "§4 (aws-facts 4.1)",
    "Without `role_session_name` a session is named after the user of the machine, who can be found in CloudTrail; botocore takes the time.",
    ({ path, ours, theirs }) =>
      path.endsWith("body.RoleSessionName") &&
      /^botocore-session-\d+$/.test(theirs) &&
      /^[\w+=,.@-]{2,64}$/.test(ours),
  ),
  ofPlace(
    "region-order",
    "§7",
    "Region: AWS_REGION before AWS_DEFAULT_REGION before the profile's, then the source's, then the asked-for profile's. botocore knows neither AWS_REGION nor a source's region, and asks for inner roles where the asked-for profile lives.",
    ({ path, ours, theirs }, pair) =>
      /\.(?:where|signedFor)$/.test(path) &&
      pair.ours.asked.length === pair.theirs.asked.length &&
      (path.endsWith("where")
        ? stsRegion(ours) !== undefined &&
          (stsRegion(theirs) !== undefined || theirs === globalSts) &&
          pair.ours.asked.some(
            ({ where, signedFor }) =>
              where === ours && (signedFor === "" || signedFor === `${stsRegion(ours)}/sts`),
          )
        : /^[a-z0-9-]+\/sts$/.test(ours) && /^[a-z0-9-]+\/sts$/.test(theirs)),
  ),
  ofPlace(
    "own-endpoint",
    "§2",
    "Each role is assumed at the endpoint of its own profile; botocore sends the whole chain to the endpoint of the profile asked for.",
    ({ path, ours, theirs }) =>
      path.endsWith(".where") && ours.endsWith(".example:443") && stsRegion(theirs) !== undefined,
  ),
  ofPlace(
    "endpoint-path",
    "§2",
    "The SDK's client ends the path of an endpoint in a slash; signed and accepted as such.",
    ({ path, ours, theirs }) => path.endsWith(".what") && ours === `${theirs}/`,
  ),
  ofPlace(
    "account-id",
    "§2",
    "AccountId wherever it is known: `aws_account_id` of either file counts for a key in the other.",
    ({ path, ours, theirs }) => path === "accountId" && /^\d{12}$/.test(ours) && theirs === "",
  ),
  ofPlace(
    "duration-cap",
    "§7",
    "A role that a temporary session signs for lasts an hour at most: asked for so, where AWS would refuse.",
    ({ path, ours, theirs }) =>
      path.endsWith("body.DurationSeconds") && ours === "3600" && Number(theirs) > 3600,
  ),
  ofPlace(
    "duration-of-web-identity",
    "§4",
    "`duration_seconds` counts for web identity too; botocore drops it there.",
    ({ path, ours, theirs }, pair) =>
      path.endsWith("body.DurationSeconds") &&
      theirs === "" &&
      ours !== "" &&
      actions(pair.ours).includes("AssumeRoleWithWebIdentity"),
  ),
  {
    name: "token-trimmed",
    contract: "§4",
    why: "A line feed at the end of a web identity token file is not part of the token.",
    explains: (difference, pair) =>
      pair.theirs.asked.some(({ body }, index) => {
        const [theirs, ours] = [
          body["WebIdentityToken"],
          pair.ours.asked[index]?.body["WebIdentityToken"],
        ];
        return (
          typeof theirs === "string" &&
          theirs !== ours &&
          theirs.trim() === ours &&
          /WebIdentityToken|accessKeyId|secretAccessKey|sessionToken|signedBy|security-token/.test(
            difference.path,
          )
        );
      }),
  },
  ofKind(
    "container-token-trimmed",
    "§4",
    "A line feed at the end of a container's authorization token file is not part of the token; botocore refuses it.",
    ({ ours, theirs }) =>
      ours.outcome.kind === "credentials" && theirs.reason.includes("not a legal header value"),
  ),
  {
    name: "own-metadata-endpoint",
    contract: "§2, §5",
    why: "Endpoint and mode of the instance metadata service are those of the profile with `credential_source`; botocore takes those of the profile asked for.",
    explains: (_, { ours, theirs }, { config }) =>
      config.includes("ec2_metadata_service_endpoint") &&
      ours.asked[0]?.where !== theirs.asked[0]?.where &&
      ours.asked.length === theirs.asked.length &&
      !/^\[profile p\][^[]*ec2_metadata_service_endpoint/.test(config),
  },
  {
    name: "shared-mfa-session",
    contract: "§5",
    why: "Roles of up to an hour share one session of the user, got with one code (GetSessionToken); botocore asks for a code per role.",
    explains: (_, { ours, theirs }) =>
      ours.outcome.kind === "credentials" &&
      theirs.outcome.kind === "credentials" &&
      actions(ours).join() === ["GetSessionToken", ...actions(theirs)].join() &&
      ours.asked[0]?.body["SerialNumber"] !== undefined &&
      theirs.asked.some(({ body }) => body["SerialNumber"] === ours.asked[0]?.body["SerialNumber"]),
  },
  ofKind(
    "mfa-of-a-temporary-source",
    "§7",
    "AWS takes MFA codes only with a long-term key: `mfa_serial` beside another source is an error.",
    ({ ours }) => ours.reason.includes("has an mfa_serial, but"),
  ),
  {
    name: "inline-comments",
    contract: "§4 Reading (aws-facts 3.1)",
    why: "` #` and ` ;` begin a comment after a value, as in the specification and most SDKs; botocore takes them for the value's.",
    explains: ({ ours = "", theirs = "" }, pair, row) =>
      hasComment(row) &&
      (pair.theirs.outcome.kind === "refused"
        ? /[ \t][#;]/.test(pair.theirs.reason) || row.config.includes("] # [")
        : /[#;]/.test(theirs) || ours !== theirs),
  },
  ofKind(
    "duplicates",
    "§4 Reading (aws-facts 3.1)",
    "A section or key that is there twice, an empty header, a bad line elsewhere, a byte order mark: AWS's specification reads on; botocore refuses the whole file.",
    ({ ours, theirs }) =>
      ours.outcome.kind === "credentials" && theirs.reason.startsWith("ConfigParseError"),
  ),
  ofKind(
    "specification",
    "§4 Reading (aws-facts 3.1)",
    "Lines that the specification calls errors (indented settings, `key : value`, text behind a header) are refused with their place, since Java, Rust and others refuse them; botocore reads them.",
    ({ ours, theirs }) =>
      ours.reason.startsWith("ERR_CONFIG_SYNTAX") && theirs.outcome.kind === "credentials",
  ),
  ofKind(
    "headers",
    "§4 Reading (aws-facts 3.1)",
    "A space behind the opening bracket is allowed; quotes are not special in headers. botocore has both the other way round.",
    ({ ours, theirs }, { config }) =>
      /^\[\s+profile/m.test(config)
        ? theirs.reason.startsWith("ProfileNotFound")
        : /^\[[\w-]+\s+["']|^\["/m.test(config) &&
          /^ERR_PROFILE_(?:NOT_FOUND|INVALID)/.test(ours.reason) &&
          theirs.outcome.kind === "credentials",
  ),
  {
    name: "profile-default",
    contract: "§4 Reading (aws-facts 3.1)",
    why: "`[profile default]` replaces `[default]` wherever the two are; in botocore the later one counts.",
    explains: ({ path }, _, { config }) =>
      config.includes("[profile default]") &&
      config.includes("[default]") &&
      /accessKeyId|secretAccessKey|sessionToken|signedBy/.test(path),
  },
  ofKind(
    "checked-first",
    "§4, §7 (aws-facts 4.1)",
    "A value that AWS or the SDKs would refuse is refused before anything is asked, with its place: ARNs, session names, external ids, durations, regions, true and false. botocore drops it, guesses, or sends it.",
    ({ ours }) =>
      /^ERR_PROFILE_INVALID: .*(?: is not valid \(| is neither true nor false \(| is not a region \(| cannot be combined )/s.test(
        ours.reason,
      ),
  ),
  ofKind(
    "empty-is-absent",
    "§4",
    "A setting without a value is not set, for every setting; botocore has an empty region, external id or key.",
    ({ ours, theirs }, { config, env = {} }) =>
      (/=[ \t]*$/m.test(config) || Object.values(env).includes("")) &&
      (ours.outcome.kind === "credentials"
        ? /Invalid endpoint|Invalid length/.test(theirs.reason)
        : /has no aws_(?:secret_)?access_key/.test(ours.reason)),
  ),
  ofKind(
    "nothing-behind-the-profile",
    "§2, §4",
    "A profile without credentials is an error; botocore goes on to the container's and the instance's own.",
    ({ ours, theirs }) =>
      ours.reason.startsWith("ERR_PROFILE_INVALID") &&
      ours.asked.length === 0 &&
      theirs.asked.length > 0 &&
      theirs.asked.every(({ where }) => where === "http://169.254.169.254:80"),
  ),
  ofKind(
    "process-output",
    "§4 (aws-facts 1.1)",
    "Empty keys in the output of a `credential_process` are refused; botocore hands them on.",
    ({ ours, theirs }) =>
      ours.reason.startsWith("ERR_PROCESS_FAILED") &&
      theirs.outcome.kind === "credentials" &&
      (theirs.outcome.accessKeyId === "" || theirs.outcome.secretAccessKey === ""),
  ),
  ofPlace(
    "process-token-type",
    "§4 (aws-facts 1.1)",
    "A `SessionToken` that is no text is none.",
    ({ path, ours, theirs }) => path === "sessionToken" && ours === "" && theirs === "5",
  ),
  ofPlace(
    "process-once",
    "§4",
    "botocore runs a `credential_process` whose credentials have ended a second time, before it refuses them.",
    ({ path, ours, theirs }, pair) =>
      path === "processes[1]" &&
      ours === "" &&
      theirs === pair.theirs.processes[0] &&
      pair.ours.outcome.kind === "refused",
  ),
  ofKind(
    "sign-in-region",
    "§7",
    "Without a region, `aws login` sessions are renewed in the partition's default region; botocore refuses.",
    ({ ours, theirs }) =>
      ours.outcome.kind === "credentials" && theirs.reason.startsWith("NoRegionError"),
  ),
];

/** The first rule that explains a difference. */
export function ruleFor(difference: Difference, pair: Pair, row: OracleRow): Rule | undefined {
  return rules.find((rule) => rule.explains(difference, pair, row));
}
