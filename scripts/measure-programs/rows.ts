/** Programs that people use with AWS, each run with awsrole: what works with what. docs/reference/programs.md is made of it. */

/** `–`: it does not apply, or was not looked at. */
export type Cell = "yes" | "no" | "–";

/** What was seen of a program, by `run.ts` or by hand. */
export type Seen = {
  readonly version: string;
  readonly date: string;
  /** Runs `credential_process`. */
  readonly process: Cell;
  /** Also of profiles whose name has other characters than letters, digits, `-` and `_`. */
  readonly dots: Cell;
  /** Also where the program's path has a space, and quotes around it. */
  readonly space: Cell;
  /** Shows awsrole's reason when there are no credentials. */
  readonly reason: Cell;
  /** Works by `awsrole exec`. */
  readonly exec: Cell;
  /** Works by `awsrole serve` and `awsrole exec --serve`. */
  readonly serve: Cell;
};

/** A program, what was seen of it last, and what else its users should know. */
export type Row = Seen & { readonly name: string; readonly note?: string };

/** Seen by hand, with the program that was current on that day. */
const day = "2026-11-25";

type Cells = readonly [Cell, Cell, Cell, Cell, Cell, Cell];

/** Cells in the order of `Seen`: process, dots, space, reason, exec, serve. */
function row(name: string, version: string, cells: Cells, note?: string): Row {
  const [process, dots, space, reason, exec, serve] = cells;
  return {
    name,
    version,
    date: day,
    process,
    dots,
    space,
    reason,
    exec,
    serve,
    ...(note === undefined ? {} : { note }),
  };
}

const all: Cells = ["yes", "yes", "yes", "yes", "yes", "yes"];
const noSpace: Cells = ["yes", "yes", "no", "yes", "yes", "yes"];
const silent: Cells = ["yes", "yes", "yes", "no", "yes", "yes"];

/** What was seen by hand; a row of measured.json replaces it. */
export const rows: readonly Row[] = [
  row("Go SDK v2", "1.48.0, config 1.33.18", all),
  row("Go SDK v1", "1.55.8", noSpace),
  row("aws-sdk-go-base (Terraform's provider)", "2.0.0-beta.74", all),
  row("OpenTofu (S3 backend)", "1.12.6", all, "the reason is above its own error"),
  row("sops (KMS)", "3.13.3", all),
  row("docker-credential-ecr-login", "0.12.0", all),
  row("aws-iam-authenticator", "0.6.13", noSpace),
  row("rclone", "1.76.0", all),
  row("rclone (Debian)", "1.60.1", noSpace),
  row("s5cmd", "2.3.0", noSpace),
  row("boto3", "1.43.117", all, "runs it again within the last 15 minutes of a session"),
  row("aiobotocore", "3.10.0", all),
  row("s3fs", "2026.9.0", all),
  row("AWS CLI v1", "1.45.11", all),
  row("AWS CLI v2", "2.9.19", all),
  row("aws eks get-token", "2.9.19", all),
  row("SAM CLI", "1.170.0", ["yes", "–", "–", "–", "yes", "yes"]),
  row("git-remote-codecommit", "1.17", ["yes", "–", "–", "–", "–", "–"]),
  row("JavaScript SDK v3", "3.1177.0", silent, "`fromIni` shows the reason"),
  row("JavaScript SDK v2", "2.1693.0", silent),
  row("AWS CDK", "2.1148.1", silent, "runs it 3 to 5 times where it fails"),
  row("Serverless Framework", "3.40.0", ["no", "–", "–", "–", "yes", "yes"]),
  row("Java SDK v2", "2.57.8", silent),
  row(
    "Java SDK v1",
    "1.12.797",
    silent,
    "only where there is no `~/.aws/credentials`, or `AWS_CREDENTIAL_PROFILES_FILE=~/.aws/config`",
  ),
  row("Kotlin SDK", "1.6.0", all),
  row("Rust SDK", "sts 1.124.0", all, "gives a person 21 s to enter an MFA code"),
  row("Ruby SDK", "3.211.0", all, "runs it twice; `serve` needs a session that is still good"),
  row("Ruby SDK (Debian)", "3.168.1", ["yes", "yes", "yes", "yes", "yes", "no"], "runs it twice"),
  row("PHP SDK", "3.376.2", all, "runs it twice"),
  row("async-aws", "1.18.1", ["no", "–", "–", "–", "yes", "no"], "goes on unsigned"),
  row("C++ SDK (pyarrow)", "1.11.900, pyarrow 26.0.1", silent, "goes on unsigned where it fails"),
  row("DuckDB (aws, httpfs)", "1.5.5", silent, "a secret keeps its first credentials"),
  row("AWS CRT (awscrt)", "0.38.1", ["yes", "yes", "yes", "no", "yes", "–"]),
  row("Mountpoint client (s3torchconnectorclient)", "1.5.0", [
    "yes",
    "no",
    "yes",
    "no",
    "yes",
    "–",
  ]),
  row("GDAL /vsis3 (pyogrio)", "3.12.4", all, "runs it 3 times per open; knows double quotes only"),
  row("GDAL (Debian)", "3.6", ["no", "–", "–", "–", "yes", "no"]),
  row("OpenDAL", "0.47.12", ["no", "–", "–", "–", "yes", "yes"]),
  row("restic", "0.14.0", ["no", "–", "–", "–", "yes", "yes"]),
  row("s3cmd", "2.3.0", ["no", "–", "–", "–", "yes", "no"]),
  row("delta-rs (deltalake)", "1.6.6", ["no", "–", "–", "–", "yes", "no"]),
];
