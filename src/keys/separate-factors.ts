/**
 * An access key and the seed of an MFA device are two factors as long as it takes two things to get at them. In a store that one passphrase
 * opens, whichever of them comes second joins them: `add-mfa`, `add-key` and `store move` ask for `--yes` then.
 */
import { AwsRoleError } from "../foundation/errors.ts";
import { type IndexEntry, type StoreName, storesOf } from "../state/item-index.ts";

type Row = Pick<IndexEntry, "account" | "kind" | "store" | "alsoIn">;

/** Whether one passphrase opens the whole store. */
export function hasOnePassphrase(store: StoreName): boolean {
  return store === "file" || store === "pass";
}

/**
 * @throws ERR_STORE_UNAVAILABLE where a key and a seed that are apart in `before` are together in `store` in `after`. Whose device a seed
 * is does not show in its row: every key counts.
 */
export function assertSeparateFactors(
  before: readonly Row[],
  after: readonly Row[],
  store: StoreName,
): void {
  if (!hasOnePassphrase(store)) return;
  const joined = new Set(["file", "pass"].flatMap((name) => pairsIn(before, name)));
  if (pairsIn(after, store).every((pair) => joined.has(pair))) return;
  throw new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    `an access key and the seed of an MFA device would be in the ${store} store: its passphrase alone would give both factors`,
    {
      hint: "keep one of them in another store (--store keychain); --yes keeps both there all the same",
    },
  );
}

function pairsIn(rows: readonly Row[], store: string): readonly string[] {
  const there = rows.filter((row) => storesOf(row).some((name) => name === store));
  const keys = there.filter(({ kind }) => kind === "key");
  const seeds = there.filter(({ kind }) => kind === "seed");
  return keys.flatMap((key) => seeds.map((seed) => `${key.account} ${seed.account}`));
}
