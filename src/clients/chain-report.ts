/** A chain as facts for people and JSON: every hop with its call, who signs it, how long it lasts, where MFA comes in, and where each setting is. */
import { shortSessionSeconds } from "../credentials/cache/session.ts";
import type { Settings } from "../config/document.ts";
import type { AwsFiles } from "../config/files.ts";
import { shownValue } from "../config/secret-keys.ts";
import {
  deviceOfCall,
  type Hop,
  type RoleHop,
  type SessionHop,
  signerLife,
  type SsoHop,
  type StsHop,
} from "../credentials/chain.ts";
import type { Environment } from "../foundation/environment.ts";
import { type BaseCredentials, isUnsigned } from "../credentials/base-credentials.ts";
import { chainedRoleSeconds, roleSessionSeconds } from "../config/aws-limits.ts";
import { describeSignIn, type SignIn, signInOf } from "../sessions/sign-ins.ts";
import type { IndexEntry } from "../state/item-index.ts";
import { cachedEntry, type CachedEntry } from "./cache-entry.ts";

/** A setting and its place. Secrets are masked. */
export type Setting = {
  readonly key: string;
  readonly value: string;
  readonly file: string;
  readonly line: number;
};

/** One step of the chain, outermost first. */
export type ExplainedHop = {
  readonly kind: BaseCredentials["source"]["kind"] | SessionHop["kind"];
  readonly profile: string;
  readonly roleArn?: string;
  /** What the step is, in a sentence part. */
  readonly says: string;
  /** The call that makes its session, and the identity that signs it. */
  readonly call?: {
    readonly action: string;
    readonly signedBy: string;
    readonly region: string;
    readonly endpoint?: string;
  };
  readonly duration?: {
    readonly seconds: number;
    readonly requested?: number;
    readonly why: string;
  };
  readonly mfa?: ExplainedMfa;
  /** Of a role of IAM Identity Center: until when one is signed in, as a clause. */
  readonly signIn?: string;
  readonly cache?: CachedEntry;
  readonly settings: readonly Setting[];
};

/** Whether a code is asked for at this step, and why (not). */
export type ExplainedMfa = {
  readonly asked: boolean;
  readonly serial?: string;
  readonly from?: string;
  readonly why: string;
};

/** What a report is made by, besides the files: the index of stored items, the time, and the environment. */
export type Known = {
  readonly rows: readonly IndexEntry[];
  readonly now: Date;
  readonly env: Environment;
  readonly signIns?: readonly SignIn[];
};

/** All hops of a chain. No network, no child process, no secret. Throws nothing. */
export function explainChain(files: AwsFiles, hop: Hop, known: Known): readonly ExplainedHop[] {
  const { rows, now, env } = known;
  if (hop.kind === "base") return [explainBase(files, hop)];
  if (hop.kind === "sso") return [explainSso(files, hop, known)];
  const own =
    hop.kind === "role"
      ? explainRole(files, hop, env)
      : {
          kind: hop.kind,
          profile: hop.profileName,
          says: "MFA session",
          call: callOf(hop),
          duration: {
            seconds: hop.durationSeconds,
            why: "mfa_session_seconds, or the AWS default of 12 h",
          },
          mfa: mfaOf(
            hop,
            hop.mfa === undefined
              ? "no mfa_serial is set"
              : "one code creates a session that all roles of the device share",
          ),
          settings: [],
        };
  return [
    { ...own, cache: cachedEntry(hop, rows, now) },
    ...explainChain(files, hop.signer, known),
  ];
}

function explainSso(
  files: AwsFiles,
  hop: SsoHop,
  { rows, now, signIns = [] }: Known,
): ExplainedHop {
  const signIn = signInOf(signIns, hop.sso.session);
  const { endpointUrl: endpoint, region } = hop.portal;
  return {
    kind: "sso",
    profile: hop.profileName,
    says: `source: ${identityOf(hop)}`,
    call: {
      action: "GetRoleCredentials",
      signedBy: "the token of the sign-in (no signature)",
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
    },
    ...(signIn === undefined ? {} : { signIn: describeSignIn(signIn, now) }),
    cache: cachedEntry(hop, rows, now),
    settings: settingsOf(files.profile(hop.profileName)),
  };
}

function explainRole(files: AwsFiles, hop: RoleHop, env: Environment): ExplainedHop {
  const { profile, role, mfaPlan } = hop;
  return {
    kind: "role",
    profile: profile.name,
    roleArn: role.arn,
    says: profile.managed
      ? `managed: read from its awsrole_ keys${lineOf(profile.settings)}`
      : "standard: read as the AWS CLI reads it",
    call: callOf(hop),
    duration: durationOf(hop, env),
    mfa: mfaOf(
      hop,
      mfaPlan.kind === "shared-session"
        ? `uses the MFA session below: ${mfaPlan.why}`
        : mfaPlan.why,
    ),
    settings: settingsOf(files.profile(profile.name)),
  };
}

function lineOf(settings: Settings): string {
  return settings.has("credential_process")
    ? ""
    : ", but without a credential_process line: SDKs do not call awsrole";
}

function mfaOf(hop: StsHop, why: string): ExplainedMfa {
  const device = deviceOfCall(hop);
  if (device === undefined) return { asked: false, why };
  const from = device.hasSeed
    ? "the seed in the store, else the terminal"
    : device.process === undefined
      ? device.prompt === "gui"
        ? "the terminal, or a window"
        : "the terminal"
      : "mfa_process, or the terminal";
  return { asked: true, serial: device.serial, from, why };
}

function durationOf(
  { role, signer }: RoleHop,
  env: Environment,
): NonNullable<ExplainedHop["duration"]> {
  const { durationSeconds: requested } = role;
  if (requested === undefined) return { seconds: roleSessionSeconds.usual, why: "AWS default" };
  if (
    requested > chainedRoleSeconds &&
    !(signer.kind === "base" && isUnsigned(signer.source)) &&
    signerLife(signer, env) === "temporary"
  )
    return {
      seconds: chainedRoleSeconds,
      requested,
      why: `capped: ${chainedRoleSeconds} s is the most that AWS allows a role signed by temporary credentials`,
    };
  return {
    seconds: requested,
    requested,
    why:
      requested < shortSessionSeconds
        ? `below ${shortSessionSeconds} s some SDKs ask again before every call`
        : "as set; the role's own maximum (MaxSessionDuration) may be less",
  };
}

function callOf(hop: StsHop): NonNullable<ExplainedHop["call"]> {
  const { connection, signer } = hop;
  const proof = signer.kind === "base" ? signer.source.kind : undefined;
  return {
    action:
      hop.kind === "user-session"
        ? "GetSessionToken"
        : proof === "web-identity"
          ? "AssumeRoleWithWebIdentity"
          : proof === "saml"
            ? "AssumeRoleWithSAML"
            : "AssumeRole",
    signedBy: identityOf(signer),
    region: connection.region,
    ...(connection.endpointUrl === undefined ? {} : { endpoint: connection.endpointUrl }),
  };
}

/** Who a hop is when it signs. */
function identityOf(hop: Hop): string {
  if (hop.kind === "role") return `${hop.role.arn} (profile ${hop.profile.name})`;
  if (hop.kind === "user-session") return `the session of ${identityOf(hop.signer)}`;
  if (hop.kind === "sso") {
    const { accountId, roleName } = hop.sso;
    return `SSO role ${roleName} in account ${accountId} (profile ${hop.profileName})`;
  }
  const { source, profileName } = hop;
  switch (source.kind) {
    case "static":
      return `access key ${source.accessKeyId} in plain text (profile ${profileName})`;
    case "keychain-key":
      return `access key ${source.accessKeyId} in the store (profile ${profileName})`;
    case "login":
      return `the aws login session ${source.loginSession} (profile ${profileName})`;
    case "process":
      return `credentials from the credential_process of profile ${profileName}`;
    case "web-identity":
      return `the token in ${source.tokenFile} (no signature)`;
    case "saml":
      return `the SAML assertion that awsrole_saml_process of profile ${profileName} prints (no signature)`;
    case "environment":
      return "the access key in the environment";
    case "ec2-instance-metadata":
      return "the role of this EC2 instance";
    case "ecs-container":
      return "the role of this container";
  }
}

function explainBase(files: AwsFiles, base: BaseCredentials): ExplainedHop {
  const { source, profileName } = base;
  const isProfile = "settings" in source;
  return {
    kind: source.kind,
    profile: profileName,
    says: `source: ${identityOf(base)}`,
    // A role with its own source has said its settings already.
    settings:
      isProfile && source.name === profileName && source.kind !== "keychain-key"
        ? settingsOf(files.profile(profileName))
        : source.kind === "keychain-key" && !source.settings.has("awsrole_role_arn")
          ? settingsOf(source.settings)
          : [],
  };
}

function settingsOf(settings: Settings | undefined): Setting[] {
  return [...(settings ?? [])].map(([key, { value, file, line }]) => ({
    key,
    value: shownValue(key, value),
    file,
    line,
  }));
}
