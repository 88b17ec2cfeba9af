/** When each profile was last chosen by `use`, for the order of its list. One small file in the state directory; losing it loses an order. */
import type { Context } from "../../foundation/context.ts";
import { openStateFile, type StateFile } from "../../state/json-file.ts";

/** Profile → milliseconds since 1970 of its last use. */
type Uses = Readonly<Record<string, number>>;

/** More than these are forgotten, the oldest first. */
const keptUses = 200;

/** The uses that are known; none where the file is absent, damaged or another user's. */
export function usesIn({ stateDir }: Context): Uses {
  try {
    return fileIn(stateDir).read() ?? {};
  } catch {
    return {};
  }
}

/** Notes a use. Never throws: a folder that cannot be written costs the order only. */
export function rememberUse(context: Context, profile: string): void {
  const uses = { ...usesIn(context), [profile]: context.clock.now().getTime() };
  const latest = Object.entries(uses)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, keptUses);
  try {
    fileIn(context.stateDir).write(Object.fromEntries(latest));
  } catch {
    // Only the order of the list is lost.
  }
}

function fileIn(stateDir: string): StateFile<Uses> {
  return openStateFile(stateDir, "uses.json", (value) =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).filter(([, at]) => typeof at === "number"))
      : undefined,
  );
}
