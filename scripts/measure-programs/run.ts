/**
 * `npm run measure-programs`: what can be had of the programs in `rows.ts` is run with a profile of awsrole's, by `exec` and by `exec --serve`,
 * against an AWS and an S3 on the loopback; what was seen goes to measured.json with its day. `PROGRAMS_PYTHON` is a Python with the packages
 * (boto3, s3fs, awscrt, s3torchconnectorclient, opendal, deltalake). What is not there keeps what was seen before.
 *
 * Nothing is believed: a program has the credentials when a request reaches the S3 (or its output names a key) that the role's session has.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startAwsDouble } from "../../test/support/aws-double.ts";
import { program } from "../../test/support/run-awsrole.ts";
import { createRoleHome } from "../../test/support/role-home.ts";
import type { Seen } from "./rows.ts";

const file = join(process.cwd(), "scripts", "measure-programs", "measured.json");
const python = process.env["PROGRAMS_PYTHON"] ?? "python3";
const py = (code: string): readonly string[] => [python, "-c", code];

type Candidate = {
  readonly name: string;
  readonly version: () => string;
  /** The command line, for an S3 at this address. */
  readonly words: (host: string) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
};

const output = (words: readonly string[]): string =>
  execFileSync(words[0] ?? "", words.slice(1), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
const package_ = (name: string) => (): string =>
  output(py(`import importlib.metadata as m; print(m.version("${name}"))`));

const candidates: readonly Candidate[] = [
  {
    name: "AWS CLI v1",
    version: () => output(["aws", "--version"]).replace(/^aws-cli\/(\S+).*/s, "$1"),
    words: (host) => ["aws", "--endpoint-url", `http://${host}`, "s3api", "list-buckets"],
  },
  {
    name: "boto3",
    version: package_("boto3"),
    words: (host) =>
      py(`import boto3; boto3.client("s3", endpoint_url="http://${host}").list_buckets()`),
  },
  {
    name: "aiobotocore",
    version: package_("aiobotocore"),
    words: (host) =>
      py(`import asyncio
from aiobotocore.session import get_session
async def main():
    async with get_session().create_client("s3", endpoint_url="http://${host}") as s3: await s3.list_buckets()
asyncio.run(main())`),
  },
  {
    name: "s3fs",
    version: package_("s3fs"),
    words: (host) =>
      py(`import s3fs; s3fs.S3FileSystem(client_kwargs={"endpoint_url": "http://${host}"}).ls("")`),
  },
  {
    name: "JavaScript SDK v3",
    version: () =>
      (
        JSON.parse(readFileSync("node_modules/@aws-sdk/client-sts/package.json", "utf8")) as {
          version: string;
        }
      ).version,
    words: (host) => [
      process.execPath,
      "--input-type=module",
      "-e",
      `import { STSClient, GetCallerIdentityCommand } from "${join(process.cwd(), "node_modules/@aws-sdk/client-sts/dist-cjs/index.js")}";
       await new STSClient({ endpoint: "http://${host}" }).send(new GetCallerIdentityCommand({}));`,
    ],
  },
  {
    name: "s5cmd",
    version: () => output(["s5cmd", "version"]).split("-")[0] ?? "",
    words: (host) => ["s5cmd", "--endpoint-url", `http://${host}`, "--retry-count", "0", "ls"],
  },
  {
    name: "rclone (Debian)",
    version: () => output(["rclone", "version"]).split("\n")[0]?.replace("rclone ", "") ?? "",
    words: (host) => [
      "rclone",
      "--config=/dev/null",
      "--retries=1",
      "--low-level-retries=1",
      "lsd",
      `:s3,provider=Other,env_auth,endpoint="http://${host}":`,
    ],
  },
  {
    name: "restic",
    version: () => output(["restic", "version"]).split(" ")[1] ?? "",
    words: (host) => ["restic", "--no-cache", "-r", `s3:http://${host}/bucket`, "snapshots"],
    env: { RESTIC_PASSWORD: "a repository that is not there" },
  },
  {
    name: "s3cmd",
    version: () => output(["s3cmd", "--version"]).replace("s3cmd version ", ""),
    words: (host) => ["s3cmd", "--no-ssl", `--host=${host}`, `--host-bucket=${host}`, "ls"],
  },
  {
    name: "AWS CRT (awscrt)",
    version: package_("awscrt"),
    words: () =>
      py(`from awscrt import auth, io
e = io.EventLoopGroup(1); b = io.ClientBootstrap(e, io.DefaultHostResolver(e))
print(auth.AwsCredentialsProvider.new_default_chain(b).get_credentials().result(20).access_key_id)`),
  },
  {
    name: "Mountpoint client (s3torchconnectorclient)",
    version: package_("s3torchconnectorclient"),
    words: (host) =>
      py(`from s3torchconnectorclient._mountpoint_s3_client import MountpointS3Client
c = MountpointS3Client(region="eu-west-1", user_agent_prefix="x", endpoint="http://${host}", force_path_style=True)
next(iter(c.list_objects("bucket")))`),
  },
  {
    name: "OpenDAL",
    version: package_("opendal"),
    words: (host) =>
      py(`import opendal
print(list(opendal.Operator("s3", bucket="bucket", endpoint="http://${host}", region="eu-west-1").list("/")))`),
  },
  {
    name: "delta-rs (deltalake)",
    version: package_("deltalake"),
    words: (host) =>
      py(`from deltalake import DeltaTable
DeltaTable("s3://bucket/table", storage_options={"AWS_ENDPOINT_URL": "http://${host}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "eu-west-1"})`),
  },
];

const aws = await startAwsDouble();
const keys: string[] = [];
const s3 = createServer((request, answer) => {
  const key = /Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1];
  if (key !== undefined) keys.push(key);
  request.resume();
  answer.writeHead(200, { "content-type": "application/xml" });
  answer.end(
    '<?xml version="1.0"?><ListAllMyBucketsResult><Owner><ID>1</ID></Owner><Buckets/></ListAllMyBucketsResult>',
  );
});
await new Promise<void>((resolve) => s3.listen(0, "127.0.0.1", resolve));
const host = `127.0.0.1:${(s3.address() as AddressInfo).port}`;

const home = createRoleHome(aws);
const own = program.join(" ");
const spaced = join(home.path, "my tools");
mkdirSync(spaced);
symlinkSync(program[0] ?? "", join(spaced, "node"));
const managed = (name: string, line: string, source = "bob"): string =>
  `[profile ${name}]\ncredential_process = ${line} credential-process --profile ${name}\nregion = eu-west-1\nawsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = ${source}\n`;
writeFileSync(
  home.configFile,
  [
    managed("prod", own),
    managed("team.prod", own),
    managed("space", `"${join(spaced, "node")}" ${program.slice(1).join(" ")}`),
    managed("broken", own, "no-such-source"),
  ].join(""),
);

/** Runs it to its end, 25 s at most; true where it had a session's key. */
async function tryIt(
  candidate: Candidate,
  { profile, through = [] }: { readonly profile?: string; readonly through?: readonly string[] },
): Promise<{ readonly isSigned: boolean; readonly text: string }> {
  keys.length = 0;
  const [word = "", ...words] = [...through, ...candidate.words(host)];
  const child = spawn(word, words, {
    env: {
      ...home.env,
      PATH: process.env["PATH"],
      ...candidate.env,
      AWSROLE_STORE: "none",
      AWS_EC2_METADATA_DISABLED: "true",
      ...(profile === undefined ? {} : { AWS_PROFILE: profile, AWS_SDK_LOAD_CONFIG: "1" }),
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (more: string) => (text += more));
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), 25_000);
    child.once("error", () => resolve());
    child.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  const isSession = (key: string): boolean => key.startsWith("ASIA");
  return { isSigned: keys.some(isSession) || /^ASIA\w+$/m.test(text), text };
}

const measured = JSON.parse(readFileSync(file, "utf8")) as Record<string, Seen>;
const wanted = process.argv.slice(2);
try {
  for (const candidate of candidates) {
    if (wanted.length > 0 && !wanted.includes(candidate.name)) continue;
    let version: string;
    try {
      version = candidate.version();
    } catch {
      console.error(`${candidate.name}: is not here`);
      continue;
    }
    const says = (isSigned: boolean): "yes" | "no" => (isSigned ? "yes" : "no");
    const process_ = (await tryIt(candidate, { profile: "prod" })).isSigned;
    const broken = await tryIt(candidate, { profile: "broken" });
    const seen: Seen = {
      version,
      date: new Date().toISOString().slice(0, 10),
      process: says(process_),
      dots: process_ ? says((await tryIt(candidate, { profile: "team.prod" })).isSigned) : "–",
      space: process_ ? says((await tryIt(candidate, { profile: "space" })).isSigned) : "–",
      reason: process_ ? says(broken.text.includes("no-such-source")) : "–",
      exec: says(
        (await tryIt(candidate, { through: [...program, "exec", "prod", "--"] })).isSigned,
      ),
      serve: says(
        (await tryIt(candidate, { through: [...program, "exec", "prod", "--serve", "--"] }))
          .isSigned,
      ),
    };
    measured[candidate.name] = seen;
    console.error(`${candidate.name} ${JSON.stringify(seen)}`);
  }
} finally {
  await aws.close();
  s3.close();
  await home.remove();
}
writeFileSync(file, `${JSON.stringify(measured, undefined, 2)}\n`);
