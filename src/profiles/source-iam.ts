/** IAM as a source profile sees it, for choices of roles and devices. */
import type { Context } from "../foundation/context.ts";
import type { Iam } from "../aws/iam.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { connectionFor } from "../config/connection.ts";
import { resolveChain } from "../credentials/chain.ts";
import { getCredentials } from "../credentials/get-credentials.ts";
import { deadlineFromNow, deadlineMs } from "../foundation/deadline.ts";
import { noticeTo } from "../sessions/fetch-credentials.ts";
import { openSessions } from "../sessions/open-sessions.ts";

/** IAM, signed with the credentials of `profile`. @throws what `getCredentials` throws, ERR_CONFIG_…, ERR_PROFILE_… */
export async function openSourceIam(
  context: Context,
  profile: string,
  args: { readonly store: string | undefined; readonly input: boolean; readonly quiet: boolean },
): Promise<Iam> {
  const { env, platform } = context;
  const files: AwsFiles = readAwsFiles(env, platform);
  const chain = resolveChain(files, profile, env);
  const deadline = deadlineFromNow(deadlineMs.attended);
  const sessions = openSessions(context, {
    ...args,
    files,
    deadline,
    profile,
    notice: noticeTo(context, args),
  });
  const [{ credentials }, { createIam }] = await Promise.all([
    getCredentials(chain, { use: "sign" }, sessions),
    import("../aws/iam.ts"),
  ]);
  return createIam(connectionFor(context, files, profile, "iam"), credentials, deadline);
}
