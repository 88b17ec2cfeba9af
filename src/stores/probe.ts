/** Whether a store can be used now. */
import { type AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { SecretStore } from "./open.ts";

/**
 * What keeps a store from answering; undefined where it answers. Asked for an `account` that it has, it must open it: else a locked store can
 * answer, too.
 */
export async function storeProblem(
  open: () => Promise<SecretStore>,
  account = "doctor/probe",
): Promise<AwsRoleError | undefined> {
  try {
    const store = await open();
    await store.get(account);
    await store.check?.();
    return undefined;
  } catch (error) {
    if (isAwsRoleError(error)) return error;
    throw error;
  }
}
