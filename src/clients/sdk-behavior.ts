/**
 * What other programs do with a profile: AWS's SDKs disagree where a profile has several ways to get credentials.
 *
 * Nothing here is believed: each answer was got from the client itself (`measurements.ts`, by `npm run measure-clients`), for the mixture of ingredients
 * that the profile is. A mixture that was not measured says so.
 */
import type { AwsFiles } from "../config/files.ts";
import { type Client, clientNames, type Outcome } from "./client-names.ts";
import { mixtureOf } from "./ingredients.ts";
import { isUnseenByJavaV1 } from "./java-v1.ts";
import { measuredOutcome } from "./measured.ts";
import { measurements } from "./measurements.ts";

/** What programs do with a profile, and what it is made of; `mixture` is undefined where nothing like it was measured. */
export type Consumers = {
  readonly mixture: string | undefined;
  /** The same in a sentence part. */
  readonly says: string;
  readonly does: Readonly<Record<Client, Outcome>>;
  /** What else decides, in sentences. */
  readonly notes: readonly string[];
};

/** What programs other than awsrole do with the profile NAME; keys with the prefix `awsrole_` are nothing to them. */
export function consumersOf(files: AwsFiles, name: string): Consumers {
  const own = mixtureOf(files, name);
  const withRegion = own?.replace(/ \+ no region$/, "");
  const mixture = [own, withRegion].find((one) => one !== undefined && one in measurements);
  const does = Object.fromEntries(
    (Object.keys(clientNames) as Client[]).map((client) => [
      client,
      measuredOutcome(mixture ?? "", client) ?? "not-measured",
    ]),
  ) as Record<Client, Outcome>;
  if (!isUnseenByJavaV1(files, name)) return { mixture, says: said(own, mixture), does, notes: [] };
  const note =
    "Java v1 reads the credentials file instead of the config file while it exists, and does not find this profile there; AWS_CREDENTIAL_PROFILES_FILE can name the config file";
  return {
    mixture,
    says: said(own, mixture),
    does: { ...does, javaV1: "unusable" },
    notes: [note],
  };
}

function said(own: string | undefined, mixture: string | undefined): string {
  if (mixture === undefined)
    return `no program was measured with a profile like this${own === undefined ? "" : ` (${own})`}`;
  return own === mixture
    ? `measured with: ${mixture}`
    : `measured with: ${mixture} (and a region, which this profile does not have)`;
}
