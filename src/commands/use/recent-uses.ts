/** When each profile was last chosen by `use`, for the order of its list. One small file in the state folder; losing it loses an order. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../foundation/context.ts";
import { makePrivateFolder } from "../../foundation/private-dir.ts";
import { refuseForeign, stateFolder } from "../../state/item-index.ts";

/** Profile → milliseconds since 1970 of its last use. */
type Uses = Readonly<Record<string, number>>;

/** More than these are forgotten, the oldest first. */
const keptUses = 200;

/** The uses that are known; none where the file is absent, damaged or another user's. */
export function usesIn({ env, platform, homeFolder }: Context): Uses {
  try {
    const folder = stateFolder(env, platform, homeFolder);
    refuseForeign(folder);
    const value: unknown = JSON.parse(readFileSync(join(folder, "uses.json"), "utf8"));
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, at]) => typeof at === "number"));
  } catch {
    return {};
  }
}

/** Notes a use. Never throws: a folder that cannot be written costs the order only. */
export function rememberUse(context: Context, profile: string): void {
  const { env, platform, homeFolder, clock } = context;
  const folder = stateFolder(env, platform, homeFolder);
  const uses = { ...usesIn(context), [profile]: clock.now().getTime() };
  const latest = Object.entries(uses)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, keptUses);
  const temporary = join(folder, `uses.${process.pid}.tmp`);
  try {
    makePrivateFolder(folder);
    refuseForeign(folder);
    writeFileSync(temporary, JSON.stringify(Object.fromEntries(latest)), {
      mode: 0o600,
      flag: "wx",
    });
    renameSync(temporary, join(folder, "uses.json"));
  } catch {
    rmSync(temporary, { force: true });
  }
}
