/** Looks up what was measured. */
import type { Client, Outcome } from "./client-names.ts";
import { measuredClients, measurements } from "./measurements.ts";

/** A client that was measured: its release, and the day (`2026-11-30`). */
export type MeasuredClient = { readonly version: string; readonly date: string };

/** What a client did with a mixture; undefined where it was not measured with it. */
export function measuredOutcome(mixture: string, client: Client): Outcome | undefined {
  const words = measurements[mixture]?.split(" ");
  const outcome = words?.[[...measuredClients.keys()].indexOf(client)];
  return outcome === undefined || outcome === "not-measured" ? undefined : (outcome as Outcome);
}
