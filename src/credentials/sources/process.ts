/** Another program's `credential_process`, and what it answers. */
import { type Credentials, formatExpiration } from "../../aws/credentials.ts";
import {
  commandFailed,
  type CommandKind,
  type CommandOptions,
  runItYourself,
  runSourceCommand,
} from "./run-command.ts";

export type ProcessOptions = CommandOptions & {
  readonly now: () => Date;
  /** `aws_account_id` of the profile: what counts where the command says nothing of the account. */
  readonly accountId?: string | undefined;
};

/** Far more characters than credentials need; what Java's SDK reads at most. */
const kind: CommandKind = {
  key: "credential_process",
  answer: "credentials",
  mostCharacters: 64_000,
};

/** Runs the command and reads its answer. @throws ERR_PROCESS_FAILED; nothing of its output enters a message, but awsrole's own reason. */
export async function credentialsFromProcess(options: ProcessOptions): Promise<Credentials> {
  const output = await runSourceCommand(options, kind);
  const credentials = parseCredentialProcessOutput(output);
  if (credentials === undefined) {
    throw commandFailed(
      options,
      kind,
      "its output is not credential_process JSON",
      "it must print one object with Version 1, AccessKeyId, SecretAccessKey and, for temporary credentials, Expiration (2026-01-31T12:00:00Z)",
    );
  }
  const { expiresAt } = credentials;
  if (expiresAt !== undefined && expiresAt <= options.now()) {
    throw commandFailed(
      options,
      kind,
      `it returned credentials that expired at ${formatExpiration(expiresAt)}`,
      runItYourself(options),
    );
  }
  return options.accountId === undefined
    ? credentials
    : { accountId: options.accountId, ...credentials };
}

/** The credentials in a `credential_process` answer; undefined when it is not one (Version must be the number 1). */
export function parseCredentialProcessOutput(output: string): Credentials | undefined {
  let answer: Readonly<Record<string, unknown>>;
  try {
    const value: unknown = JSON.parse(output);
    if (typeof value !== "object" || value === null) return undefined;
    answer = { ...value };
  } catch {
    return undefined;
  }
  const text = (key: string): string | undefined => {
    const value = answer[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const accessKeyId = text("AccessKeyId");
  const secretAccessKey = text("SecretAccessKey");
  const sessionToken = text("SessionToken");
  const accountId = text("AccountId");
  const expiration = answer["Expiration"] ?? undefined;
  const expiresAt = expiration === undefined ? undefined : readInstant(expiration);
  if (answer["Version"] !== 1 || accessKeyId === undefined || secretAccessKey === undefined)
    return undefined;
  if (expiration !== undefined && expiresAt === undefined) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}

/** An instant as RFC 3339 writes it; without a zone it could be any, so that is none. */
function readInstant(value: unknown): Date | undefined {
  if (typeof value !== "string") return undefined;
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)$/.test(value))
    return undefined;
  const instant = new Date(value);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}
