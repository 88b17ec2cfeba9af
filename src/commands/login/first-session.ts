/** The dialogue of `login` where no session is configured: it ends in a session, a sign-in, and a profile that works. */
import { shown } from "../../cli/messages.ts";
import type { Prompts } from "../../cli/prompts.ts";
import { addSection } from "../../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import { assertWritableName } from "../../config/names.ts";
import type { Context } from "../../foundation/context.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import {
  accountNameSetting,
  askSsoRole,
  askSsoSession,
  freeName,
  withSession,
} from "../../profiles/ask-sso.ts";
import { defaultRegion } from "../../profiles/default-region.ts";
import { editConfig } from "../../profiles/edit-config.ts";
import { defaultTemplate, profileName } from "../../profiles/name-template.ts";
import { credentialProcessLine, findProgram, runningProgram } from "../../program/program-path.ts";

/**
 * Asks for the session, signs in by `signIn`, and writes the session only then: one that does not work is never in the config. Then the first
 * account and role, and a profile for them. @throws ERR_INTERRUPTED, what `signIn` throws, ERR_AWS_*, ERR_CONFIG_*.
 */
export async function createFirstSession(
  context: Context,
  prompts: Prompts,
  {
    args,
    signIn,
  }: {
    readonly args: { readonly store: string | undefined; readonly input: boolean };
    readonly signIn: (files: AwsFiles, session: string) => Promise<void>;
  },
): Promise<void> {
  const { env, platform } = context;
  // Before a person answers anything: a program without a lasting path cannot be in a profile.
  const program = findProgram(runningProgram(env, platform));
  prompts.tell("No session of IAM Identity Center is configured yet.");
  const session = await askSsoSession(context, prompts, readAwsFiles(env, platform));
  await signIn(withSession(readAwsFiles(env, platform), session), session.name);
  const written = await editConfig(context, {
    action: `login ${session.name}`,
    dryRun: false,
    edit: (latest) => withSession(latest, session).config,
  });
  prompts.tell(`Wrote [sso-session ${session.name}] to ${shown(context, written.file)}`);
  const files = readAwsFiles(env, platform);
  const { account, roleName } = await askSsoRole(context, prompts, {
    files,
    session: session.name,
    args,
  });
  const access = {
    session: session.name,
    accountId: account.id,
    accountName: account.name,
    email: account.email,
    role: roleName,
  };
  const taken = files.profileNames();
  const name = await prompts.ask("Profile name", {
    byDefault: freeName(profileName(defaultTemplate, access) || "sso", taken),
    check: (text) => {
      assertWritableName(text, platform);
      if (taken.includes(text))
        throw new AwsRoleError("ERR_PROFILE_EXISTS", `there is a profile ${text} already`);
    },
  });
  const region = defaultRegion(files, env) ?? session.region;
  await editConfig(context, {
    action: `login ${session.name} (profile ${name})`,
    dryRun: false,
    edit: (latest) =>
      addSection(latest.config, { kind: "profile", name }, [
        ["credential_process", credentialProcessLine(program, name)],
        ["region", region],
        ["awsrole_sso_session", session.name],
        ["awsrole_sso_account_id", account.id],
        ...accountNameSetting(account.name),
        ["awsrole_sso_role_name", roleName],
      ]),
  });
  prompts.show(`Wrote [profile ${name}]`, [
    `try it: aws sts get-caller-identity --profile ${name}`,
    `all other accounts and roles: awsrole sync ${session.name}`,
  ]);
}
