/** The commands: name → what it does, and where it is. */
import type { CommandTable } from "../cli/run-command.ts";

export const commands: CommandTable = {
  setup: {
    summary: "make an IAM user, a role it may assume, its key and both profiles",
    load: () => import("./setup/index.ts"),
  },
  "add-profile": {
    summary: "write a role profile that gets its credentials from awsrole",
    load: () => import("./add-profile/index.ts"),
  },
  "edit-profile": {
    summary: "change settings of a role profile",
    load: () => import("./edit-profile.ts"),
  },
  "remove-profile": {
    summary: "take a profile out of ~/.aws/config, with its cached sessions",
    load: () => import("./remove-profile.ts"),
  },
  "rename-profile": {
    summary: "rename a profile, with all that points at it and its cached sessions",
    load: () => import("./rename-profile.ts"),
  },
  undo: {
    summary: "take back awsrole's last change of ~/.aws/config",
    load: () => import("./undo.ts"),
  },
  adopt: {
    summary: "let awsrole provide the credentials of an existing role profile",
    load: () => import("./adopt.ts"),
  },
  release: {
    summary: "turn managed profiles back into standard ones (also the way to uninstall)",
    load: () => import("./release.ts"),
  },
  sync: {
    summary: "write a profile for every account and role you have access to",
    load: () => import("./sync/index.ts"),
  },
  list: {
    summary: "every profile: its role, its source, and how long its session is cached",
    load: () => import("./list/index.ts"),
  },
  "add-key": {
    summary: "keep an IAM user's access key in the keychain, as a profile",
    load: () => import("./add-key.ts"),
  },
  "rotate-key": {
    summary: "exchange a profile's access key for a new one",
    load: () => import("./rotate-key.ts"),
  },
  "remove-key": {
    summary: "delete a profile's access key from the keychain",
    load: () => import("./remove-key.ts"),
  },
  store: {
    summary: "move keys and sessions to another store, or lock the file store",
    load: () => import("./store.ts"),
  },
  config: {
    summary: "what awsrole read from your AWS files, key by key (secrets masked)",
    load: () => import("./config.ts"),
  },
  explain: {
    summary: "how a profile resolves, hop by hop, and what each SDK does with it",
    load: () => import("./explain/index.ts"),
  },
  doctor: {
    summary: "find what would make profiles fail, and fix what is safe to fix",
    load: () => import("./doctor/index.ts"),
  },
  whoami: {
    summary: "who AWS says you are, through which profiles, and until when",
    load: () => import("./whoami/index.ts"),
  },
  env: {
    summary: "print statements that set (or clear) the AWS variables of your shell",
    load: () => import("./env/index.ts"),
  },
  exec: {
    summary: "run a command with the credentials in its environment",
    load: () => import("./exec/index.ts"),
  },
  serve: {
    summary: "give credentials to programs at a loopback endpoint, and keep them fresh",
    load: () => import("./serve/index.ts"),
  },
  console: {
    summary: "sign in to the AWS console in your browser",
    load: () => import("./console/index.ts"),
  },
  warm: {
    summary: "fetch credentials ahead: one MFA code for all that can share it",
    load: () => import("./warm.ts"),
  },
  log: {
    summary: "which program was given which role, and when (if AWSROLE_LOG=on)",
    load: () => import("./log.ts"),
  },
  login: {
    summary: "sign in to IAM Identity Center, or to the console identity of a profile",
    load: () => import("./login/index.ts"),
  },
  logout: {
    summary: "delete cached credentials of a profile, or of all, or end a sign-in",
    load: () => import("./logout.ts"),
  },
  use: {
    summary: "switch the current shell to a profile",
    load: () => import("./use/index.ts"),
  },
  init: {
    summary: "print what your shell's start file evaluates: completion, use, and the prompt",
    load: () => import("./init/index.ts"),
  },
  completion: {
    summary: "print the completion script of your shell",
    load: () => import("./completion/index.ts"),
  },
  "credential-process": {
    summary: "print credentials for an SDK: the line that stands in ~/.aws/config",
    load: () => import("./credential-process.ts"),
  },
};

/** The headings of `awsrole --help`, and what stands under each. */
export const groups: Readonly<Record<string, readonly string[]>> = {
  Profiles: [
    "setup",
    "add-profile",
    "edit-profile",
    "rename-profile",
    "remove-profile",
    "undo",
    "adopt",
    "release",
    "sync",
  ],
  "Using a role": ["whoami", "use", "exec", "env", "console", "serve", "warm", "login", "logout"],
  "Looking around": ["list", "config", "explain", "doctor", "log"],
  "Access keys and stores": ["add-key", "rotate-key", "remove-key", "store"],
  Programs: ["credential-process", "init", "completion"],
};
