/** Giving a key back to the credentials file, from where AWS tools read it by themselves: the way out, for `release` and `remove-key`. */
import type { Document } from "../config/document.ts";
import { readSettings } from "../config/document.ts";
import { addSection, renameKey, setKey } from "../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { storeOfKey } from "../credentials/sources/keychain-key.ts";
import type { Context } from "../foundation/context.ts";
import { editConfig } from "../profiles/edit-config.ts";
import type { OpenStore } from "../sessions/open-store.ts";
import type { LongTermKey } from "../credentials/key-item.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { withoutKeyProfile } from "./key-profile.ts";
import { createKeyStore } from "./key-store.ts";

/** Writes the key to the credentials file, from where it is read back. @throws ERR_SOURCE_UNAVAILABLE where no store has it, what the store throws, ERR_CONFIG_CONFLICT. */
export async function returnKey(
  context: Context,
  name: string,
  accessKeyId: string,
  store: OpenStore,
): Promise<void> {
  const holder = await storeOfKey(store.rows, accessKeyId);
  const key = await createKeyStore(await store.openNamedStore(holder), store.rows).get(accessKeyId);
  if (key === undefined) {
    throw new AwsRoleError(
      "ERR_SOURCE_UNAVAILABLE",
      `the key ${accessKeyId} of ${name} is not in the ${holder} store, so it cannot be written back`,
      { hint: `awsrole remove-key ${name} --yes removes its profile` },
    );
  }
  await editConfig(context, {
    action: `return the key of ${name}`,
    dryRun: false,
    kind: "credentials",
    edit: ({ credentials }) => withPlainKey(credentials, name, key),
  });
  const { credentials } = readAwsFiles(context.env, context.platform);
  const written = readSettings(credentials, "profile", name)?.get("aws_secret_access_key")?.value;
  if (written === key.secretAccessKey) return;
  throw new AwsRoleError(
    "ERR_CONFIG_WRITE",
    `the key ${accessKeyId} of ${name} is not in ${credentials.file} as it was written`,
    { hint: "it stays in the store" },
  );
}

/** The credentials file with the key as `[NAME]`. @throws ERR_CONFIG_CONFLICT where another key is there. */
export function withPlainKey(credentials: Document, name: string, key: LongTermKey): Document {
  const id = { kind: "profile", name } as const;
  const pairs = [
    ["aws_access_key_id", key.accessKeyId],
    ["aws_secret_access_key", key.secretAccessKey],
  ] as const;
  const settings = readSettings(credentials, "profile", name);
  if (settings === undefined) return addSection(credentials, id, pairs);
  const plain = settings.get("aws_access_key_id");
  if (plain !== undefined && plain.value !== key.accessKeyId) {
    throw new AwsRoleError(
      "ERR_CONFIG_CONFLICT",
      `[${name}] has another key in the credentials file (${plain.file}:${plain.line})`,
      { hint: "remove the one that is not wanted, and try again" },
    );
  }
  return pairs.reduce(
    (edited, [setting, value]) => setKey(edited, id, setting, value),
    credentials,
  );
}

/** The config with NAME as a profile of a plain key: what AWS has a name for keeps it, the rest of awsrole's lines goes. */
export function withoutKeeping({ config }: AwsFiles, name: string): Document {
  const id = { kind: "profile", name } as const;
  const settings = readSettings(config, "profile", name);
  const isMfa = settings?.has("awsrole_mfa_serial") === true && !settings.has("mfa_serial");
  return withoutKeyProfile(
    isMfa ? renameKey(config, id, "awsrole_mfa_serial", "mfa_serial") : config,
    name,
  );
}
