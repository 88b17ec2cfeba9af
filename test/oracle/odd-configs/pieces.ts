/** What the hand-made configs are made of. */
import { createHash } from "node:crypto";
import type { OracleRow } from "../row.ts";

/** `role_arn` of a role in the usual account. */
export const arn = (name: string): string => `role_arn = arn:aws:iam::123456789012:role/${name}`;
/** A static key pair. */
export const keys = (id: string): string =>
  `aws_access_key_id = AKIA${id}\naws_secret_access_key = secret/${id}`;
export const region = "region = eu-west-1";
/** `[profile p]` with these lines. */
export const p = (...lines: readonly string[]): string => `[profile p]\n${lines.join("\n")}\n`;
export const profile = (name: string, ...lines: readonly string[]): string =>
  `[profile ${name}]\n${lines.join("\n")}\n`;
/** The key that most chains begin with. */
export const base = profile("base", keys("BASE"));
/** `credential_process` that answers with the key ASIAPROCESS and its first word. */
export const process = (words = "A"): string => `credential_process = @HOME@/bin/process ${words}`;
/** The usual role from the usual key. */
export const fromBase = p(arn("R"), "source_profile = base", region) + base;

const day = 86_400_000;
/** AWS's file with an SSO token; `session`: the name or start URL that it is kept under. */
export function ssoToken(
  session: string,
  token: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, string>> {
  const name = createHash("sha1").update(session).digest("hex");
  return {
    [`.aws/sso/cache/${name}.json`]: JSON.stringify({
      startUrl: "https://corp.awsapps.com/start",
      region: "eu-central-1",
      accessToken: "live-token",
      expiresAt: new Date(Date.now() + day).toISOString().replace(/\.\d+/, ""),
      ...token,
    }),
  };
}

/** `[sso-session NAME]`. */
export const ssoSession = (name: string, ...lines: readonly string[]): string =>
  `[sso-session ${name}]\n${(lines.length > 0
    ? lines
    : ["sso_start_url = https://corp.awsapps.com/start", "sso_region = eu-central-1"]
  ).join("\n")}\n`;
export const ssoRole = "sso_account_id = 123456789012\nsso_role_name = Reader";

/** Rows from their titles and configs; what is more than a config is an object. */
export function rows(
  subject: string,
  listed: readonly (readonly [
    title: string,
    config: string,
    more?: Omit<OracleRow, "title" | "config">,
  ])[],
): readonly OracleRow[] {
  return listed.map(([title, config, more = {}]) => ({
    title: `${subject}: ${title}`,
    config,
    ...more,
  }));
}
