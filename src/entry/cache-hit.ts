/**
 * The cache hit of `credential-process`: two words of arguments, the config, one item from the store, one write.
 *
 * This is why the program exists, so it pays for node's start and little else: the build bundles this file and what it imports into
 * one CommonJS file, and a test lists what that loads. It answers or it does not; anything unusual (other options, another store than the keychain and
 * "file", an error of any kind) is left to `cache-miss.ts`, which starts over and says what is wrong. Only what the store answered is handed
 * on, so that it is asked once.
 */
import { homedir, uptime } from "node:os";
import { readAwsFiles } from "../config/files.ts";
import { configuredStore, isLogConfigured } from "../config/store-setting.ts";
import { decodeSession, freshSeconds, remainingSeconds } from "../credentials/cache/session.ts";
import { accountOf, resolveChain } from "../credentials/chain.ts";
import { formatCredentialProcessOutput } from "../credentials/process-output.ts";
import type { FirstRead } from "../credentials/cache/session-cache.ts";
import { hasRow } from "../state/item-row.ts";
import { stateFolder } from "../state/state-dir.ts";
import { createOsKeychain } from "../stores/keychain/index.ts";
import { recallRefusal, rememberRefusal } from "../stores/keychain/unlock-cooldown.ts";
import { isStdoutReadableByOthers } from "../foundation/readable-output.ts";
import { writeAll } from "../foundation/write-all.ts";

/** An answer that was found, but could not be written whole: nothing may follow what was. */
export type Unwritten = { readonly writeError: unknown };

/** True when the answer is on stdout; else what the store said, if it was asked. */
export async function answerFromCache(
  words: readonly string[],
): Promise<true | Unwritten | FirstRead | undefined> {
  const { env, platform } = process;
  const [option, name, ...others] = words;
  if (option !== "--profile" || name === undefined || others.length > 0) return undefined;
  if (env["AWSROLE_LOG"] || env["AWSROLE_CHAIN"]) return undefined;
  let store: string;
  let account: string;
  let request: string;
  let state: string;
  let isSso: boolean;
  try {
    const files = readAwsFiles(env, platform);
    store = env["AWSROLE_STORE"] || configuredStore(files) || "keychain";
    if ((store !== "keychain" && store !== "file") || isLogConfigured(files)) return undefined;
    const chain = resolveChain(files, name, env);
    if (chain.kind === "base") return undefined;
    ({ request } = chain);
    account = accountOf(chain);
    isSso = chain.kind === "sso";
    state = stateFolder(env, platform, homedir());
  } catch {
    return undefined;
  }
  // Whether that counts for this caller is for `cache-miss.ts` to find out.
  if (store === "keychain" && recallRefusal(state) !== undefined) return undefined;
  // Often there is no sign-in, and then the keychain would be the longest part of saying so, for each of many programs.
  if (isSso && !hasRow(state, account)) return { account, secret: undefined };
  let secret: string | undefined;
  try {
    if (store === "file") {
      const { readFromFileStore } = await import("./cache-hit-file-store.ts");
      secret = await readFromFileStore(account, { env, platform, stateFolder: state });
    } else secret = await createOsKeychain().get(account);
  } catch (error) {
    if (store === "file") return undefined;
    rememberRefusal(state, error);
    return { account, error };
  }
  const session = secret === undefined ? undefined : decodeSession(secret, request);
  const clock = { now: () => new Date(), uptimeSeconds: uptime };
  if (session === undefined || remainingSeconds(session, clock) < freshSeconds(session))
    return { account, secret };
  if (isStdoutReadableByOthers(platform)) return { account, secret };
  try {
    writeAll(1, formatCredentialProcessOutput(session.credentials));
  } catch (writeError) {
    return { writeError };
  }
  return true;
}
