/**
 * Where the token of a sign-in is kept. Its rules:
 *
 * - While a profile of the config reaches the session natively (`sso_session`, or the old form), the AWS CLI's file is the only copy: the SDKs read
 *   nothing else and refresh it without our lock, and a refresh token is good once.
 * - Otherwise the token is in the secret store, with a row that says until when, and no secret is in a file.
 * - A file that another program wrote is read all the same (`aws sso login`), refreshed in place, and deleted by `logout` only. One that awsrole
 *   wrote is marked, and goes when its token moves to the store.
 * - Whatever is interrupted: the new place is written before the old one is emptied, and the newer of two tokens counts.
 */
import { formatExpiration } from "../aws/credentials.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { shortHash } from "../foundation/hash.ts";
import { parseObject } from "../foundation/json.ts";
import { type IndexEntry, type ItemIndex, storesOf, type StoreName } from "../state/item-index.ts";
import { setOrTakeBack } from "../stores/move.ts";
import type { SecretStore } from "../stores/open.ts";
import { readAwsCacheFile, writeAwsCacheFile } from "./aws-cache-file.ts";
import {
  formatToken,
  newerToken,
  parseToken,
  sessionId,
  type SsoSession,
  type SsoToken,
  tokenFile,
} from "./token.ts";
import { rm } from "../foundation/watched-fs.ts";

/** The places, and how to reach them. */
export type TokenPlaces = {
  readonly homeFolder: string;
  /** The store in use, for new tokens. */
  readonly storeName: StoreName;
  readonly openNamedStore: (name: StoreName) => Promise<SecretStore>;
  readonly rows: ItemIndex;
};

/** A token, and the place where it was found. */
export type KeptToken = SsoToken & {
  readonly place: "file" | "store";
  /**
   * True where it, or a copy, is in the wrong place: the last native profile has gone or the first has come, or a process was killed between writing the
   * one place and emptying the other.
   */
  readonly isMisplaced: boolean;
};

/** What is known of a sign-in without opening a store. */
export type SignInState = {
  readonly expiresAt: Date;
  /** True where it is renewed without a person when the token ends. */
  readonly isRenewable: boolean;
};

/** What AWS's tools ignore and keep: the file is awsrole's to remove. */
const marker = { createdBy: "awsrole" } as const;

/**
 * The token as it is kept now, the newer where there are two; undefined when there is none. `rejected`: one that AWS takes no more, which
 * counts only where there is no other. @throws what the store throws, where the token is in one.
 */
export async function readToken(
  session: SsoSession,
  places: TokenPlaces,
  rejected?: string,
): Promise<KeptToken | undefined> {
  const inFile = parseToken(await readAwsCacheFile(tokenFile(places.homeFolder, session)), session);
  const row = await rowOf(session, places.rows);
  const stored = row === undefined ? undefined : await readStored(session, row, places);
  const isMisplaced = session.isNative()
    ? row !== undefined
    : inFile !== undefined && isOurs(inFile.raw);
  const found: readonly KeptToken[] = [
    ...(inFile === undefined ? [] : [{ ...inFile, place: "file", isMisplaced } as const]),
    ...(stored === undefined ? [] : [{ ...stored, place: "store", isMisplaced } as const]),
  ];
  const others = found.filter(({ accessToken }) => accessToken !== rejected);
  const [one, other] = others.length === 0 ? found : others;
  return newerToken(one, other);
}

/**
 * Keeps a token: where AWS's tools read it while they use the session, else in the store; a refreshed one stays in another program's file.
 * @throws ERR_STORE_*: what was to be kept is lost then.
 */
export async function writeToken(
  session: SsoSession,
  token: Omit<SsoToken, "raw">,
  places: TokenPlaces,
  refreshed?: KeptToken,
): Promise<KeptToken> {
  const isKeptInFile = refreshed?.place === "file" && !isOurs(refreshed.raw);
  if (session.isNative() || isKeptInFile) {
    // Another program's file stays another program's.
    const raw = {
      ...formatToken(session, token, refreshed?.raw),
      ...(isKeptInFile ? {} : marker),
    };
    await writeAwsCacheFile(tokenFile(places.homeFolder, session), raw);
    await removeStored(session, places);
    return { ...token, raw, place: "file", isMisplaced: false };
  }
  const file = tokenFile(places.homeFolder, session);
  const raw = formatToken(session, token);
  try {
    await store(session, token, raw, places);
  } catch (error) {
    if (refreshed?.place !== "file") throw error;
    // Where the old one is, a new one is no weaker; and the old one's refresh token is spent.
    await writeAwsCacheFile(file, { ...raw, ...marker });
    return { ...token, raw, place: "file", isMisplaced: true };
  }
  const old = await readAwsCacheFile(file);
  if (old !== undefined && isOurs(old)) await rm(file, { force: true });
  return { ...token, raw, place: "store", isMisplaced: false };
}

/** Fails where a token could not be kept: before a person is sent to the browser. @throws ERR_STORE_*. */
export async function assertCanKeepToken(session: SsoSession, places: TokenPlaces): Promise<void> {
  if (session.isNative()) return;
  const { storeName } = places;
  try {
    if (storeName === "none")
      throw new AwsRoleError("ERR_STORE_UNAVAILABLE", "the store none keeps nothing");
    const opened = await places.openNamedStore(storeName);
    await opened.get(accountOf(session));
    await opened.check?.();
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    throw new AwsRoleError(
      error.code,
      `the sign-in to ${sessionId(session)} cannot be kept: ${error.message}`,
      {
        hint: `keep it in another store (--store file, or awsrole_store = file in [default]), or sign in with aws sso login --sso-session ${sessionId(session)}, which keeps it in a plaintext file that awsrole reads`,
        cause: error,
      },
    );
  }
}

/** Deletes it wherever it is, another program's file included. @throws what a store throws. */
export async function removeToken(session: SsoSession, places: TokenPlaces): Promise<void> {
  await rm(tokenFile(places.homeFolder, session), { force: true });
  await removeStored(session, places);
}

/** Until when one is signed in, from AWS's file and the row alone: no store is opened, and no network used. */
export async function readSignInState(
  session: SsoSession,
  { homeFolder, rows }: Pick<TokenPlaces, "homeFolder" | "rows">,
): Promise<SignInState | undefined> {
  const file = parseToken(await readAwsCacheFile(tokenFile(homeFolder, session)), session);
  const states: SignInState[] = file === undefined ? [] : [stateOf(file)];
  const row = await rowOf(session, rows);
  if (row?.expiresAt !== undefined)
    states.push({ expiresAt: new Date(row.expiresAt), isRenewable: isRenewable(row) });
  return states.toSorted((one, other) => other.expiresAt.getTime() - one.expiresAt.getTime())[0];
}

function stateOf({ expiresAt, refreshToken, client }: SsoToken): SignInState {
  return { expiresAt, isRenewable: refreshToken !== undefined && client !== undefined };
}

function isOurs(raw: SsoToken["raw"]): boolean {
  return raw["createdBy"] === marker.createdBy;
}

/** `sso/v1/NAME/HASH`: the name for people who look into their keychain. */
function accountOf(session: SsoSession): string {
  const id = sessionId(session);
  const shown = id.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 40);
  return `sso/v1/${shown}/${shortHash(`${id}\n${session.startUrl}`)}`;
}

async function rowOf(session: SsoSession, rows: ItemIndex): Promise<IndexEntry | undefined> {
  const account = accountOf(session);
  return (await rows.list()).find((row) => row.account === account);
}

function isRenewable({ request }: IndexEntry): boolean {
  return parseObject(request ?? "")?.["isRenewable"] === true;
}

async function readStored(
  session: SsoSession,
  row: IndexEntry,
  { openNamedStore }: TokenPlaces,
): Promise<SsoToken | undefined> {
  for (const name of storesOf(row)) {
    const secret = await (await openNamedStore(name)).get(row.account);
    const token = secret === undefined ? undefined : parseToken(parseObject(secret), session);
    if (token !== undefined) return token;
  }
  return undefined;
}

async function store(
  session: SsoSession,
  token: Omit<SsoToken, "raw">,
  raw: SsoToken["raw"],
  { openNamedStore, rows, storeName }: TokenPlaces,
): Promise<void> {
  const account = accountOf(session);
  const before = await rowOf(session, rows);
  // A token stays in the store that it was put in.
  const name = before?.store ?? storeName;
  const opened = await openNamedStore(name);
  await rows.add({
    account,
    kind: "sign-in",
    store: name,
    profile: `sso-session ${sessionId(session)}`,
    expiresAt: formatExpiration(token.expiresAt),
    request: JSON.stringify({ v: 1, isRenewable: stateOf({ ...token, raw }).isRenewable }),
  });
  await setOrTakeBack(opened, account, JSON.stringify(raw), () => rows.removeFrom(account, name));
}

async function removeStored(
  session: SsoSession,
  { openNamedStore, rows }: TokenPlaces,
): Promise<void> {
  const row = await rowOf(session, rows);
  if (row === undefined) return;
  for (const name of storesOf(row)) {
    await (await openNamedStore(name)).delete(row.account);
    await rows.removeFrom(row.account, name);
  }
}
