/**
 * The names that `sync` gives to profiles: a template filled in for each account and role, then made a name that every SDK reads (older AWS CRT
 * parsers know letters, digits, `_` and `-` only).
 */
import { AwsRoleError } from "../foundation/errors.ts";

/** What one profile is for. */
export type Access = {
  readonly session: string;
  readonly accountId: string;
  /** Absent where the portal names none; the account id is used instead. */
  readonly accountName: string | undefined;
  readonly email: string | undefined;
  readonly role: string;
};

export const defaultTemplate = "{account-name}-{role}";

const fields: Readonly<Record<string, (access: Access) => string>> = {
  "account-name": ({ accountName, accountId }) => accountName || accountId,
  "account-id": ({ accountId }) => accountId,
  role: ({ role }) => role,
  session: ({ session }) => session,
  email: ({ email }) => email ?? "",
};

/** Fills in the template: lower case, what is not `[a-z0-9_-]` becomes `-`, runs of `-` collapse, ends are trimmed. May be empty. */
export function profileName(template: string, access: Access): string {
  return template
    .replaceAll(/\{([^{}]*)\}/g, (_, field: string) => fields[field]?.(access) ?? "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "-")
    .replaceAll(/-{2,}/g, "-")
    .replaceAll(/^-+|-+$/g, "");
}

/** @throws ERR_USAGE for a field that does not exist, an open brace, or a template without any field; `origin` is where it was given. */
export function assertTemplate(template: string, origin: string): void {
  const known = Object.keys(fields).map((field) => `{${field}}`);
  const found = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, field = ""]) => field);
  const unknown = found.find((field) => !Object.hasOwn(fields, field));
  const problem =
    unknown !== undefined
      ? `unknown field {${unknown}}`
      : /[{}]/.test(template.replaceAll(/\{[^{}]*\}/g, ""))
        ? "unbalanced brace"
        : found.length === 0
          ? "it has no field, so all profiles would have the same name"
          : undefined;
  if (problem === undefined) return;
  throw new AwsRoleError("ERR_USAGE", `${origin}: ${problem}: ${template}`, {
    hint: `choose from ${known.join(", ")}`,
  });
}
