/**
 * A sign-in that a program's request starts (`awsrole_sso_login = auto`). Its rules:
 *
 * - Only with a person at the terminal, in whose foreground we are; never right after a refusal.
 * - `awsrole login` runs as a process of its own: it goes on when this one has to end (an SDK waits 60 s).
 * - One at a time among all processes, which wait for it and use its token: one window, however many programs ask.
 */
import { setTimeout as pause } from "node:timers/promises";
import { withTerminalDescriptor } from "../cli/terminal.ts";
import type { SsoHop } from "../credentials/chain.ts";
import type { Context } from "../foundation/context.ts";
import { type Deadline, within } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { startDetached } from "../foundation/run-process.ts";
import { withLock } from "../locks/single-flight.ts";
import { runningProgram, sameProgram } from "../program/program-path.ts";
import { refusedSignIn } from "../sso/refused-sign-in.ts";
import { sessionId, signInLock } from "../sso/token.ts";
import { readToken, type TokenPlaces } from "../sso/token-store.ts";

/** For AWS's answer after the sign-in. */
const reserveMs = 3000;
const lookEveryMs = 500;

/**
 * Signs in, or waits for the sign-in that another process has started.
 * @throws ERR_LOGIN_NEEDED where it was refused or is not finished in time.
 */
export async function autoSignIn(
  context: Context,
  { sso, profileName, portal }: SsoHop,
  { deadline, places }: { readonly deadline: Deadline; readonly places: TokenPlaces },
): Promise<void> {
  const session = { ...sso.session, region: portal.region };
  const id = sessionId(session);
  const runtimeDir = context.runtimeDir();
  const until = within(deadline, { reserveMs });
  const isSignedIn = async (): Promise<boolean> => {
    const token = await readToken(session, places);
    return token !== undefined && token.expiresAt > context.clock.now();
  };
  const unfinished = (): AwsRoleError =>
    new AwsRoleError("ERR_LOGIN_NEEDED", `the sign-in to ${id} is not finished yet`, {
      hint: "finish signing in in the browser, then try again",
    });
  const waitForOther = async (): Promise<void> => {
    while (until.remainingMs() > 0) {
      if (await isSignedIn()) return;
      await pause(Math.min(lookEveryMs, until.remainingMs()));
    }
    throw unfinished();
  };
  const start = async (): Promise<void> => {
    if (await isSignedIn()) return;
    const refusal = refusedSignIn(context, session).recall();
    if (refusal !== undefined)
      throw new AwsRoleError(
        "ERR_LOGIN_NEEDED",
        `the sign-in to ${id} was refused ${Math.floor(refusal.secondsAgo)} s ago`,
        { hint: `run: awsrole login ${session.name ?? profileName}` },
      );
    if (await isBusy(runtimeDir, signInLock(session))) return waitForOther();
    const target = session.name === undefined ? [profileName] : ["--sso-session", session.name];
    const { env, platform } = context;
    const code = await withTerminalDescriptor(platform, async (output) => {
      const login = startDetached({
        words: [
          ...sameProgram(runningProgram(env, platform)),
          "login",
          ...target,
          "--store",
          places.storeName,
        ],
        what: "awsrole login",
        env,
        platform,
        output,
      });
      const timeUp = pause(until.remainingMs(), "time up" as const, { ref: false });
      return Promise.race([login.exited, timeUp]).finally(() => login.release());
    });
    if (code === "time up") throw unfinished();
    if (code === 0) return;
    throw new AwsRoleError("ERR_LOGIN_NEEDED", `the sign-in to ${id} was not finished`, {
      hint: `run: awsrole login ${session.name ?? profileName}`,
    });
  };
  try {
    await withLock(
      { dir: runtimeDir, key: `auto ${signInLock(session)}`, waitMs: until.remainingMs() },
      start,
    );
  } catch (error) {
    throw isAwsRoleError(error) && error.code === "ERR_DEADLINE" ? unfinished() : error;
  }
}

/** True while a process has the lock. */
async function isBusy(dir: string | undefined, key: string): Promise<boolean> {
  try {
    await withLock({ dir, key, waitMs: 1 }, async () => {});
    return false;
  } catch (error) {
    if (isAwsRoleError(error) && error.code === "ERR_DEADLINE") return true;
    throw error;
  }
}
