/** What the children of the SecretStore contract suite do; each prints one JSON line. */
import type { SecretStore } from "../../src/stores/open.ts";
import { isWholeValue, selfCheckingValue } from "./self-checking-value.ts";

export type StoreTask =
  /** Set and get an own account and one that all children share. */
  | { do: "rounds"; id: number; rounds: number }
  /** Overwrite `account` with small and large values in turn; `forMs` 0: until killed. */
  | { do: "write"; account: string; forMs: number }
  /** Read `account` all the time. */
  | { do: "read"; account: string; forMs: number };

export type StoreReport = { done: number; missing: number; wrong: number; errors: string[] };

/** Runs the task in argv on the store. */
export async function runStoreChild(store: SecretStore): Promise<void> {
  const task: StoreTask = JSON.parse(process.argv[2] ?? "");
  const report: StoreReport = { done: 0, missing: 0, wrong: 0, errors: [] };
  const endAt = "forMs" in task && task.forMs > 0 ? Date.now() + task.forMs : Infinity;
  const steps = task.do === "rounds" ? task.rounds : Infinity;
  for (let step = 0; step < steps && Date.now() < endAt; step++) {
    try {
      await (task.do === "rounds"
        ? round(store, task.id, step, report)
        : single(store, task, step, report));
      report.done++;
    } catch (error) {
      report.errors.push(error instanceof Error ? error.message : String(error));
    }
    // Tells a parent that wants to kill us in the middle that we are in it.
    if (step === 0) process.stderr.write("started\n");
  }
  console.log(JSON.stringify(report));
}

async function round(
  store: SecretStore,
  id: number,
  step: number,
  report: StoreReport,
): Promise<void> {
  const own = `session/v1/child-${id}/own`;
  const value = selfCheckingValue(`own-${id}-${step}`, 1500);
  await store.set(own, value);
  if ((await store.get(own)) !== value) report.wrong++;
  const shared = "session/v1/shared/one";
  await store.set(shared, selfCheckingValue(`shared-${id}-${step}`, 1500));
  count(await store.get(shared), report);
}

async function single(
  store: SecretStore,
  task: StoreTask & { account: string },
  step: number,
  report: StoreReport,
): Promise<void> {
  if (task.do === "write")
    await store.set(task.account, selfCheckingValue(`step-${step}`, step % 2 ? 900 : 5300));
  else count(await store.get(task.account), report);
}

function count(value: string | undefined, report: StoreReport): void {
  if (value === undefined) report.missing++;
  else if (!isWholeValue(value)) report.wrong++;
}
