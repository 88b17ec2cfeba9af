/**
 * The user's two AWS files: reading them, and what they say together.
 *
 * - A file that is not there is an empty one. A file that is there and cannot be read is an error, never an empty one.
 * - Profiles come from both files; of a key in both, the credentials file's counts.
 *
 * This is on the hot path: synchronous, and it loads nothing but what node has loaded already.
 */
import type { Environment } from "../foundation/environment.ts";
import { statSync } from "node:fs";
import { errorCode } from "../foundation/errno.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { readNamedFile } from "../foundation/named-file.ts";
import { whileOpening } from "../foundation/opened-file.ts";
import { retryBusySync } from "../foundation/retry-busy.ts";
import {
  assertNoErrors,
  type Document,
  documentProblems,
  type FileKind,
  parseDocument,
  preambleProblems,
  type Problem,
  readGoodLines,
  readSettings,
  sectionNames,
  type Setting,
  type Settings,
} from "./document.ts";
import { awsFilePaths } from "./paths.ts";

/**
 * What the two files say. The functions that read a section throw ERR_CONFIG_SYNTAX if a bad line lies in it; those that find none, if one lies
 * before a file's first section, where the header that is missed may be.
 */
export type AwsFiles = {
  readonly config: Document;
  readonly credentials: Document;
  /** Of both files, once each: first those of the config file, in its order. */
  profileNames(): string[];
  /** The keys of a profile from both files; undefined if neither has it. */
  profile(name: string): Settings | undefined;
  /** The keys in the good lines of a profile, for what is read of it beside its own use. Never throws. */
  goodLines(name: string): Settings | undefined;
  /** The keys of a profile in the config file alone. */
  configProfile(name: string): Settings | undefined;
  /** The keys of `[NAME]` in the credentials file alone: what shadows the config file there. */
  credentialsProfile(name: string): Settings | undefined;
  ssoSessionNames(): string[];
  ssoSession(name: string): Settings | undefined;
  servicesNames(): string[];
  services(name: string): Settings | undefined;
  /** Everything wrong in both files, errors and warnings, whether or not anybody reads the section. */
  problems(): Problem[];
};

/** Reads both files. Throws ERR_CONFIG_READ if one is there but cannot be read. */
export function readAwsFiles(env: Environment, platform: NodeJS.Platform): AwsFiles {
  const paths = awsFilePaths(env, platform);
  return combineDocuments(
    readDocument(paths.config, "config"),
    readDocument(paths.credentials, "credentials"),
  );
}

/** What a config and a credentials file say together. */
export function combineDocuments(config: Document, credentials: Document): AwsFiles {
  const found = (settings: Settings | undefined): Settings | undefined => {
    if (settings === undefined)
      for (const document of [config, credentials])
        assertNoErrors(document, preambleProblems(document));
    return settings;
  };
  return {
    config,
    credentials,
    profileNames: () => [
      ...new Set([...sectionNames(config, "profile"), ...sectionNames(credentials, "profile")]),
    ],
    profile: (name) =>
      found(
        merge(readSettings(config, "profile", name), readSettings(credentials, "profile", name)),
      ),
    goodLines: (name) =>
      merge(readGoodLines(config, "profile", name), readGoodLines(credentials, "profile", name)),
    configProfile: (name) => readSettings(config, "profile", name),
    credentialsProfile: (name) => readSettings(credentials, "profile", name),
    ssoSessionNames: () => sectionNames(config, "sso-session"),
    ssoSession: (name) => found(readSettings(config, "sso-session", name)),
    servicesNames: () => sectionNames(config, "services"),
    services: (name) => found(readSettings(config, "services", name)),
    problems: () => [...documentProblems(config), ...documentProblems(credentials)],
  };
}

/** Reads one file; empty if it is not there. Throws ERR_CONFIG_READ, naming the file and what to do. */
export function readDocument(file: string, kind: FileKind): Document {
  return parseDocument(readText(file), { file, kind });
}

/** Throws ERR_CONFIG_READ for bytes that cannot be an AWS file. */
export function assertUnencodedText(file: string, text: string): void {
  if (text.startsWith("\xff\xfe") || text.startsWith("\xfe\xff")) {
    throw new AwsRoleError(
      "ERR_CONFIG_READ",
      `${file} is saved as UTF-16, which AWS tools cannot read`,
      {
        hint: "save it as UTF-8",
      },
    );
  }
}

/** Far beyond any real file (10,000 profiles are 4 MB), and still read in a fraction of a second. */
const LARGEST_FILE_BYTES = 64 * 1024 * 1024;

function readText(file: string): string {
  try {
    const stat = whileOpening(file, () => statSync(file, { throwIfNoEntry: false }));
    if (stat === undefined || isNullDevice(file)) return "";
    const options = { maxBytes: LARGEST_FILE_BYTES, mayBeOnNetwork: true };
    const text = retryBusySync(() => readNamedFile(file, options)).toString("latin1");
    assertUnencodedText(file, text);
    return text;
  } catch (error) {
    if (isAwsRoleError(error)) throw error;
    const code = errorCode(error) ?? "unknown error";
    // Deleted between the two calls.
    if (code === "ENOENT") return "";
    const [what, hint] = READ_FAILURES[code] ?? [
      `cannot be read (${code})`,
      "check its folder and disk",
    ];
    throw cannotRead(file, what, hint, error);
  }
}

const NAME_ANOTHER = "move it, or point AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE to another";

const READ_FAILURES: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EACCES: [
    "cannot be read: permission denied",
    "grant yourself read permission; ls -l shows its owner and mode",
  ],
  EPERM: [
    "cannot be read: not permitted",
    "grant yourself read permission; ls -l shows its owner and mode",
  ],
  EISDIR: ["is a folder, not a file", NAME_ANOTHER],
  ENOTREG: ["is not a regular file", NAME_ANOTHER],
  EFBIG: ["has more than 64 MB", NAME_ANOTHER],
  ENOTDIR: ["cannot be read: its folder is a file", "move that file away"],
  ELOOP: ["cannot be read: its symbolic links form a loop", "fix the link"],
  ENAMETOOLONG: ["cannot be read: the name is too long", "fix the AWS variable that points to it"],
};

function cannotRead(file: string, what: string, hint: string, cause?: unknown): AwsRoleError {
  return new AwsRoleError("ERR_CONFIG_READ", `${file} ${what}`, { hint, cause });
}

/** `AWS_CONFIG_FILE=/dev/null` is a common way to say "no config". */
function isNullDevice(file: string): boolean {
  const name = file.toLowerCase();
  return file === "/dev/null" || name === "nul" || name.endsWith("\\nul");
}

function merge(
  config: Settings | undefined,
  credentials: Settings | undefined,
): Settings | undefined {
  if (config === undefined || credentials === undefined) return config ?? credentials;
  return new Map<string, Setting>([...config, ...credentials]);
}
