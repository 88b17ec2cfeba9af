/** The commands: name → what it does, and where it is. */
import type { CommandTable } from "../cli/run-command.ts";

export const commands: CommandTable = {
  setup: {
    summary: "create an IAM user and a role it can assume, with key and profiles",
    load: () => import("./setup/index.ts"),
  },
  "add-profile": {
    summary: "create a role profile",
    load: () => import("./add-profile/index.ts"),
  },
  "edit-profile": {
    summary: "change settings of a role profile",
    load: () => import("./edit-profile.ts"),
  },
  "remove-profile": {
    summary: "remove a profile from ~/.aws/config, with its cached sessions",
    load: () => import("./remove-profile.ts"),
  },
  "rename-profile": {
    summary: "rename a profile with its references and cached sessions",
    load: () => import("./rename-profile.ts"),
  },
  undo: {
    summary: "undo awsrole's last change to ~/.aws/config",
    load: () => import("./undo.ts"),
  },
  adopt: {
    summary: "let awsrole manage existing role profiles",
    load: () => import("./adopt.ts"),
  },
  release: {
    summary: "turn managed profiles back into standard ones (before uninstalling)",
    load: () => import("./release.ts"),
  },
  sync: {
    summary: "write a profile for every account and role you have access to",
    load: () => import("./sync/index.ts"),
  },
  list: {
    summary: "list profiles with their role, source and cached session",
    load: () => import("./list/index.ts"),
  },
  "add-key": {
    summary: "store an IAM user's access key in the keychain as a profile",
    load: () => import("./add-key.ts"),
  },
  export: {
    summary: "write temporary credentials for programs that read only ~/.aws/credentials",
    load: () => import("./export.ts"),
  },
  "add-mfa": {
    summary: "keep the seed of an MFA device, so that no code has to be typed",
    load: () => import("./add-mfa.ts"),
  },
  "rotate-key": {
    summary: "rotate a profile's access key",
    load: () => import("./rotate-key.ts"),
  },
  "remove-key": {
    summary: "delete a profile's access key from the keychain",
    load: () => import("./remove-key.ts"),
  },
  store: {
    summary: "show and choose where keys and sessions are stored, or move them",
    load: () => import("./store/index.ts"),
  },
  config: {
    summary: "show your AWS files as awsrole reads them, key by key (secrets masked)",
    load: () => import("./config.ts"),
  },
  explain: {
    summary: "show how a profile resolves, hop by hop, and what each SDK does with it",
    load: () => import("./explain/index.ts"),
  },
  doctor: {
    summary: "check profiles, stores and environment for problems; --fix repairs the safe ones",
    load: () => import("./doctor/index.ts"),
  },
  whoami: {
    summary: "show the AWS identity of a profile and when it expires",
    load: () => import("./whoami/index.ts"),
  },
  env: {
    summary: "print shell statements that set (or clear) the AWS variables",
    load: () => import("./env/index.ts"),
  },
  exec: {
    summary: "run a command with the credentials in its environment",
    load: () => import("./exec/index.ts"),
  },
  serve: {
    summary: "serve credentials on a loopback endpoint and keep them fresh",
    load: () => import("./serve/index.ts"),
  },
  console: {
    summary: "open the AWS console in your browser",
    load: () => import("./console/index.ts"),
  },
  warm: {
    summary: "fetch credentials ahead, with one MFA code for all that can share it",
    load: () => import("./warm.ts"),
  },
  log: {
    summary:
      "show which program used which role, and when (if awsrole_log is on), or the last failure",
    load: () => import("./log.ts"),
  },
  login: {
    summary: "sign in to IAM Identity Center, or to the console identity of a profile",
    load: () => import("./login/index.ts"),
  },
  logout: {
    summary: "delete cached credentials, or end a sign-in",
    load: () => import("./logout.ts"),
  },
  use: {
    summary: "switch the current shell to a profile",
    load: () => import("./use/index.ts"),
  },
  init: {
    summary: "print the shell integration: completion, use and the prompt",
    load: () => import("./init/index.ts"),
  },
  completion: {
    summary: "print a shell completion script",
    load: () => import("./completion/index.ts"),
  },
  "credential-process": {
    summary: "print credentials for an SDK (used in ~/.aws/config)",
    load: () => import("./credential-process.ts"),
  },
};

/** The headings of `awsrole --help`, and what is under each. */
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
  "Using a role": [
    "whoami",
    "use",
    "exec",
    "env",
    "console",
    "serve",
    "export",
    "warm",
    "login",
    "logout",
  ],
  "Looking around": ["list", "config", "explain", "doctor", "log"],
  "Access keys and stores": ["add-key", "rotate-key", "remove-key", "add-mfa", "store"],
  Programs: ["credential-process", "init", "completion"],
};
