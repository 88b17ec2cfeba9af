/**
 * What a profile is made of, as far as AWS's SDKs differ by it: the words in which the measurement of clients and `explain` speak of the same
 * mixture.
 */
import { type Document, parseDocument, type Settings } from "../config/document.ts";
import { type AwsFiles, combineDocuments } from "../config/files.ts";
import { capitalKeys } from "../config/capital-keys.ts";
import { isName } from "../config/grammar.ts";
import { oddHeaderOf, oddHeaders, withPlainHeader } from "../config/odd-headers.ts";

/** All ingredients, in the order in which a mixture names them. */
export const ingredientNames = [
  "role_arn",
  "source_profile",
  "source_profile (itself)",
  "credential_source",
  "web_identity_token_file",
  "sso_session",
  "sso_start_url",
  "login_session",
  "credential_process",
  "key in config",
  "key in credentials",
  "mfa_serial",
  "keys in capitals",
  "spaces in the header",
  "quoted header",
  "another sso_region",
  "no region",
] as const;
export type IngredientName = (typeof ingredientNames)[number];

/** The mixture without an ingredient. */
export const nothing = "nothing";

/**
 * The mixture of the profile NAME: its ingredients in their order. Settings with no effect on where credentials come from are none; undefined
 * for a profile that awsrole does not find, and where there is something that is no ingredient (half a key, an sso-session without a role).
 */
export function mixtureOf(files: AwsFiles, name: string): string | undefined {
  const isInConfig = files.config.find("profile", name).length > 0;
  const quoted = isInConfig ? undefined : oddHeaderOf(files.config, name);
  if (quoted?.form === "quoted" && isName(name))
    return withIngredient(
      mixtureOf(combineDocuments(withPlainHeader(files.config, quoted), files.credentials), name),
      "quoted header",
    );
  const settings = files.profile(name);
  if (settings === undefined || isUnknown(settings) || isUnmeasured(files, name)) return undefined;
  const value = (key: string): string => settings.get(key)?.value ?? "";
  const config = files.configProfile(name) ?? new Map();
  const isCapital = hasCapitalKeys(files.config, config);
  const session = files.ssoSession(value("sso_session"));
  const ownRegion = value("sso_region");
  const found: Readonly<Record<IngredientName, boolean>> = {
    role_arn: value("role_arn") !== "",
    source_profile: value("source_profile") !== "" && value("source_profile") !== name,
    "source_profile (itself)": value("source_profile") === name,
    credential_source: value("credential_source") !== "",
    web_identity_token_file: value("web_identity_token_file") !== "",
    sso_session: value("sso_session") !== "" && hasSsoRole(settings),
    sso_start_url: value("sso_session") === "" && value("sso_start_url") !== "",
    login_session: value("login_session") !== "",
    credential_process: value("credential_process") !== "",
    "key in config": config.has("aws_access_key_id") && !isCapital,
    "key in credentials": files.credentialsProfile(name)?.has("aws_access_key_id") === true,
    mfa_serial: value("mfa_serial") !== "",
    "keys in capitals": isCapital,
    "spaces in the header": headersOf(files.config, name).some((line) => /^\[[ \t]/.test(line)),
    "quoted header": false,
    "another sso_region":
      ownRegion !== "" &&
      value("sso_start_url") === "" &&
      ownRegion !== session?.get("sso_region")?.value,
    "no region": value("region") === "",
  };
  return ingredientNames.filter((one) => found[one]).join(" + ") || nothing;
}

function withIngredient(mixture: string | undefined, more: IngredientName): string | undefined {
  const parts = new Set([...(mixture?.split(" + ") ?? []), more]);
  return mixture && ingredientNames.filter((one) => parts.has(one)).join(" + ");
}

function isUnknown(settings: Settings): boolean {
  const has = (key: string): boolean => (settings.get(key)?.value ?? "") !== "";
  return (
    has("aws_access_key_id") !== has("aws_secret_access_key") ||
    (has("sso_account_id") || has("sso_role_name")) !== (has("sso_session") || has("sso_start_url"))
  );
}

/** Written as no measured profile is: clients differ by headers with a comment and by capitals in the names of settings. */
function isUnmeasured({ config, credentials }: AwsFiles, name: string): boolean {
  // Of its own header alone: a file may have thousands.
  const isOther = headersOf(config, name)
    .flatMap((header) => oddHeaders(parseDocument(header, config)))
    .some(
      ({ form, text }) =>
        form === "glued" || form === "bracket" || (form === "spaced" && !/^\[[ \t]/.test(text)),
    );
  return (
    isOther ||
    [config, credentials].some((document) =>
      capitalKeys(document, "profile", name).some(({ key }) => !/^aws_|^region$/.test(key)),
    )
  );
}

function hasSsoRole(settings: Settings): boolean {
  return settings.has("sso_account_id") || settings.has("sso_role_name");
}

/** Keys of credentials that are written with capitals, which SDKs that compare bytes do not know. */
function hasCapitalKeys(document: Document, config: Settings): boolean {
  const setting = config.get("aws_access_key_id");
  if (setting === undefined) return false;
  const line = document.text.split("\n")[setting.line - 1] ?? "";
  return /^[^=]*[A-Z]/.test(line);
}

function headersOf(document: Document, name: string): readonly string[] {
  return document
    .find("profile", name)
    .map(({ start, bodyStart }) => document.text.slice(start, bodyStart));
}
