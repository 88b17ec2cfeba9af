/** What the steps of a setup may touch. All of it is handed in, so that a step is only what it says. */
import type { StoreName } from "../../state/item-index.ts";
import type { Credentials } from "../../aws/credentials.ts";
import type { Iam } from "../../aws/iam.ts";
import type { IamAdmin } from "../../aws/iam-admin.ts";
import type { Document } from "../../config/document.ts";
import type { AwsFiles } from "../../config/files.ts";
import type { LongTermKey } from "../../credentials/key-item.ts";
import type { KeyStore } from "../../keys/key-store.ts";
import type { SetupPlan } from "./plan.ts";
import type { SetupRecord } from "./record.ts";

export type SetupContext = {
  readonly plan: SetupPlan;
  /** The profile that may call IAM. */
  readonly adminProfile: string;
  /** Its settings that say how AWS is reached; the new profiles reach it in the same way. */
  readonly connectionSettings: readonly (readonly [key: string, value: string])[];
  readonly admin: IamAdmin;
  /** The new user's keys and devices, seen by the administrator. */
  readonly userKeys: Iam;
  /** The store that a new key goes into, and its name. It is opened when a key is looked for: undoing may not need it. */
  readonly storeName: StoreName;
  openKeys(): Promise<KeyStore>;
  /** A key from the store that it was put in. */
  keptKey(accessKeyId: string): Promise<LongTermKey | undefined>;
  /** Resolves when AWS answers for a new key everywhere. @throws ERR_IDENTITY_MISMATCH, ERR_AWS_REFUSED. */
  waitForKey(key: LongTermKey): Promise<void>;
  /** The ARN that AWS knows the signer by. */
  identify(credentials: Credentials): Promise<string>;
  /** The same IAM, with another signer. */
  iamAs(credentials: Credentials): IamAdmin;
  /** A session through the role's profile, as every other command gets it. */
  session(): Promise<Credentials>;
  readFiles(): AwsFiles;
  /** Changes the config file, with what `undo` needs. */
  editConfig(action: string, edit: (files: AwsFiles) => Document): Promise<void>;
  /** The `credential_process` line for a profile. */
  processLine(profile: string): string;
  record(): SetupRecord | undefined;
  remember(change: Partial<SetupRecord>): void;
  now(): Date;
  warn(text: string): void;
};
