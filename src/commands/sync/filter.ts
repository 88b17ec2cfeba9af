/**
 * Which accounts and roles `sync` writes. A filter is a glob (`*` any text, `?` one character; case does not matter) for the account's name or id,
 * or `role=GLOB`, `account=GLOB`, `id=GLOB`. Filters of one field are alternatives; all fields that have filters must match.
 */
import { AwsRoleError } from "../../foundation/errors.ts";
import { type Glob, globPattern } from "../../foundation/glob.ts";
import type { Access } from "../../profiles/name-template.ts";

export type Filter = {
  /** True where there is any filter. */
  readonly isNarrow: boolean;
  /** Decides before the roles of an account are asked for. */
  readonly matchesAccount: (account: Omit<Access, "role">) => boolean;
  readonly matches: (access: Access) => boolean;
};

const fields = ["account", "id", "role", "any"] as const;
type Field = (typeof fields)[number];

/** The filter that all of `words` make; none match everything. @throws ERR_USAGE. */
export function parseFilter(words: readonly string[]): Filter {
  const globs: Record<Field, Glob[]> = { account: [], id: [], role: [], any: [] };
  for (const word of words) {
    const [, key = "any", glob = word] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    const field = fields.find((one) => one === key);
    if (field === undefined || glob === "")
      throw new AwsRoleError("ERR_USAGE", `sync: invalid value "${word}" for --filter`, {
        hint: "use a pattern like 'prod-*' (account name or ID), role=Admin*, account=acme* or id=123456789012",
      });
    globs[field].push(globPattern(glob));
  }
  const passes = (field: Field, ...values: readonly (string | undefined)[]): boolean =>
    globs[field].length === 0 ||
    globs[field].some((glob) => values.some((value) => glob.test(value ?? "")));
  const matchesAccount: Filter["matchesAccount"] = ({ accountId, accountName }) =>
    passes("any", accountName, accountId) &&
    passes("account", accountName) &&
    passes("id", accountId);
  return {
    isNarrow: words.length > 0,
    matchesAccount,
    matches: (access) => matchesAccount(access) && passes("role", access.role),
  };
}
