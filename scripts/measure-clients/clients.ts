/** The clients that can be had from package registries: how each is built and asked. Versions are pinned in their drivers. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../src/clients/client-names.ts";

export type Driver = {
  readonly client: Client;
  /** What it is, with its version. */
  readonly version: (folder: string) => string;
  /** Gets and builds it in `folder`, which is kept from run to run. */
  readonly build: (folder: string, project: string) => void;
  readonly command: (folder: string, project: string, truststore: string) => readonly string[];
  /** It reads folders from stdin, line by line, and answers each; else it is started for each, with HOME there. */
  readonly isBatch: boolean;
};

const run = (cwd: string, program: string, ...words: readonly string[]): string =>
  execFileSync(program, words, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const drivers = (project: string): string => join(project, "scripts", "measure-clients", "drivers");
const copy = (folder: string, project: string, name: string): string => {
  const to = join(folder, name);
  mkdirSync(to, { recursive: true });
  cpSync(join(drivers(project), name), to, { recursive: true });
  return to;
};
const pinned = (file: string, pattern: RegExp): string =>
  pattern.exec(readFileSync(file, "utf8"))?.[1] ?? "?";
const python = (folder: string): string => join(folder, "python", "bin", "python3");
const buildPython = (folder: string, ...packages: readonly string[]): void => {
  if (!existsSync(python(folder))) run(folder, "python3", "-m", "venv", "python");
  run(folder, python(folder), "-m", "pip", "install", "--quiet", ...packages);
};
const goDriver = (client: Client, name: string, module: RegExp, label: string): Driver => ({
  client,
  version: (folder) => `${label} ${pinned(join(folder, name, "go.mod"), module)}`,
  build: (folder, project) => {
    const at = copy(folder, project, name);
    run(at, "go", "mod", "tidy");
    run(at, "go", "build", "-o", "ask", ".");
  },
  command: (folder) => [join(folder, name, "ask")],
  isBatch: false,
});
const jvmDriver = (client: Client, main: string, version: RegExp, label: string): Driver => ({
  client,
  version: (folder) => `${label} ${pinned(join(folder, "jvm", "pom.xml"), version)}`,
  build: (folder, project) =>
    void run(copy(folder, project, "jvm"), "mvn", "--quiet", "--batch-mode", "compile"),
  command: (folder, _, truststore) => [
    "java",
    `-Djavax.net.ssl.trustStore=${truststore}`,
    "-Djavax.net.ssl.trustStorePassword=changeit",
    "-cp",
    `${join(folder, "jvm", "target", "classes")}:${readFileSync(join(folder, "jvm", "target", "classpath"), "utf8")}`,
    main,
  ],
  isBatch: true,
});

export const allDrivers: readonly Driver[] = [
  {
    client: "botocore",
    version: (folder) =>
      `botocore ${run(folder, "python3", "-c", "import botocore; print(botocore.__version__)").trim()}`,
    build: () => {},
    command: (_, project) => ["python3", join(drivers(project), "boto.py")],
    isBatch: true,
  },
  goDriver("go", "go-v2", /config (v[\d.]+)/, "aws-sdk-go-v2/config"),
  goDriver("goV1", "go-v1", /aws-sdk-go (v[\d.]+)/, "aws-sdk-go"),
  {
    client: "js",
    version: (_folder) => {
      const file = join(process.cwd(), "node_modules/@aws-sdk/credential-providers/package.json");
      return `@aws-sdk/credential-providers ${pinned(file, /"version": "([^"]+)"/)}`;
    },
    build: () => {},
    command: (_, project) => [process.execPath, join(drivers(project), "js-v3.mjs")],
    isBatch: false,
  },
  {
    client: "jsV2",
    version: (folder) =>
      `aws-sdk ${pinned(join(folder, "js-v2", "node_modules/aws-sdk/package.json"), /"version": "([^"]+)"/)}`,
    build: (folder, project) => {
      mkdirSync(join(folder, "js-v2"), { recursive: true });
      cpSync(join(drivers(project), "js-v2.cjs"), join(folder, "js-v2", "ask.cjs"));
      run(
        join(folder, "js-v2"),
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--silent",
        "aws-sdk@2.1693.0",
      );
    },
    command: (folder) => [process.execPath, join(folder, "js-v2", "ask.cjs")],
    isBatch: false,
  },
  jvmDriver(
    "java",
    "AskV2",
    /<artifactId>bom<\/artifactId>\s*<version>([^<]+)/,
    "software.amazon.awssdk",
  ),
  jvmDriver(
    "javaV1",
    "AskV1",
    /aws-java-sdk-sts<\/artifactId><version>([^<]+)/,
    "com.amazonaws aws-java-sdk",
  ),
  jvmDriver(
    "kotlin",
    "AskKotlinKt",
    /aws-config-jvm<\/artifactId><version>([^<]+)/,
    "aws.sdk.kotlin",
  ),
  {
    client: "rust",
    version: (folder) =>
      `aws-config ${pinned(join(folder, "rust", "Cargo.toml"), /aws-config = \{ version = "=([^"]+)/)}`,
    build: (folder, project) =>
      void run(copy(folder, project, "rust"), "cargo", "build", "--quiet"),
    command: (folder) => [join(folder, "rust", "target", "debug", "ask")],
    isBatch: false,
  },
  {
    client: "ruby",
    version: (folder) =>
      `aws-sdk-core ${run(folder, "ruby", "-e", 'require "aws-sdk-core"; print Aws::CORE_GEM_VERSION')}`,
    // Debian's.
    build: (folder) =>
      void run(folder, "apt-get", "install", "-qq", "-y", "ruby", "ruby-aws-sdk-core"),
    command: (_, project) => ["ruby", join(drivers(project), "ruby.rb")],
    isBatch: false,
  },
  {
    client: "cpp",
    version: (folder) =>
      `aws-sdk-cpp in pyarrow ${run(folder, python(folder), "-c", "import pyarrow; print(pyarrow.__version__)").trim()}`,
    build: (folder) => buildPython(folder, "pyarrow==26.0.1"),
    command: (folder, project) => [python(folder), join(drivers(project), "cpp.py")],
    isBatch: false,
  },
  {
    client: "crt",
    version: (folder) =>
      `awscrt ${run(folder, python(folder), "-c", "import awscrt; print(awscrt.__version__)").trim()}`,
    build: (folder) => buildPython(folder, "awscrt==0.38.1"),
    command: (folder, project) => [python(folder), join(drivers(project), "crt.py")],
    isBatch: false,
  },
  {
    client: "cli",
    version: (folder) => `AWS CLI ${run(folder, "aws", "--version").split(/[ /]/)[1]}`,
    build: () => {},
    command: (_, project) => ["sh", join(drivers(project), "aws-cli.sh")],
    isBatch: false,
  },
];
