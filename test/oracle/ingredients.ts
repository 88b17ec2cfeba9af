/**
 * What profiles are made of, and profiles of one ingredient or two: for the oracle (awsrole beside botocore) and for the measurement of clients.
 * Every profile has a region, unless it is an ingredient that it has none.
 */
import { type IngredientName, nothing } from "../../src/clients/ingredients.ts";
import { loginFile } from "./odd-configs/sign-in.ts";
import type { OracleRow } from "./row.ts";
import {
  arn,
  base,
  keys,
  process,
  region,
  ssoRole,
  ssoSession,
  ssoToken,
} from "./odd-configs/pieces.ts";

export type Ingredient = {
  readonly name: IngredientName;
  readonly lines?: readonly string[];
  readonly credentials?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** The header of the profile. */
  readonly header?: string;
  readonly hasNoRegion?: true;
  /** Sections beside the profile. */
  readonly beside?: string;
};

const url = "https://corp.awsapps.com/start";

export const ingredients: readonly Ingredient[] = [
  { name: "role_arn", lines: [arn("R")] },
  { name: "source_profile", lines: ["source_profile = base"] },
  { name: "source_profile (itself)", lines: ["source_profile = p"] },
  { name: "credential_source", lines: ["credential_source = Ec2InstanceMetadata"] },
  {
    name: "web_identity_token_file",
    lines: ["web_identity_token_file = @HOME@/token"],
    files: { token: "web-token" },
  },
  {
    name: "sso_session",
    lines: ["sso_session = corp", ssoRole],
    beside: ssoSession("corp"),
    files: ssoToken("corp"),
  },
  {
    name: "sso_start_url",
    lines: [`sso_start_url = ${url}`, "sso_region = eu-central-1", ssoRole],
    files: ssoToken(url),
  },
  {
    name: "login_session",
    lines: ["login_session = arn:aws:iam::123456789012:user/bob"],
    files: loginFile(),
  },
  { name: "credential_process", lines: [process("P")] },
  { name: "key in config", lines: [keys("CONFIGKEY")] },
  { name: "key in credentials", credentials: [keys("FILEKEY")] },
  { name: "mfa_serial", lines: ["mfa_serial = arn:aws:iam::123456789012:mfa/bob"] },
  {
    name: "keys in capitals",
    lines: ["AWS_ACCESS_KEY_ID = AKIACAPITAL", "AWS_SECRET_ACCESS_KEY = secret/capital"],
  },
  { name: "spaces in the header", header: "[ profile p ]" },
  { name: "quoted header", header: '[profile "p"]' },
  { name: "another sso_region", lines: ["sso_region = us-east-1"] },
  { name: "no region", hasNoRegion: true },
];

/** A setting that is there twice makes no mixture. */
const isTwice = (names: readonly string[]): boolean =>
  (names.includes("source_profile") && names.includes("source_profile (itself)")) ||
  (names.includes("sso_start_url") &&
    (names.includes("another sso_region") || names.includes("sso_session")));

/** A profile `p` of these ingredients. */
export function mix(...given: readonly Ingredient[]): OracleRow {
  const parts = ingredients.filter((one) => given.includes(one));
  const lines = parts.flatMap((part) => part.lines ?? []);
  const header = parts.find((part) => part.header !== undefined)?.header ?? "[profile p]";
  const credentials = parts.flatMap((part) => part.credentials ?? []);
  return {
    title: parts.map(({ name }) => name).join(" + ") || nothing,
    config: [
      header,
      ...lines,
      ...(parts.some((part) => part.hasNoRegion) ? [] : [region]),
      "",
      ...new Set(parts.flatMap((part) => part.beside ?? [])),
      base,
    ].join("\n"),
    ...(credentials.length === 0 ? {} : { credentials: `[p]\n${credentials.join("\n")}\n` }),
    files: Object.assign({}, ...parts.map((part) => part.files ?? {})) as Record<string, string>,
  };
}

const named = (name: IngredientName): Ingredient => {
  const found = ingredients.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ingredient ${name}`);
  return found;
};

/** A role with each of its sources (and a code), and one more ingredient. */
export function rolesWithMore(): readonly OracleRow[] {
  const roles = [
    ["role_arn", "source_profile"],
    ["role_arn", "source_profile (itself)"],
    ["role_arn", "credential_source"],
    ["role_arn", "web_identity_token_file"],
    ["role_arn", "source_profile", "mfa_serial"],
  ] as const;
  return roles.flatMap((role) =>
    ingredients
      .filter(
        ({ name }) => !(role as readonly string[]).includes(name) && !isTwice([...role, name]),
      )
      .map((more) => mix(...role.map(named), more)),
  );
}

/** No ingredient, every one alone and every two of them. */
export function singlesAndPairs(): readonly OracleRow[] {
  return [mix()].concat(
    ingredients.flatMap((one, index) => [
      mix(one),
      ...ingredients
        .slice(index + 1)
        .filter((other) => !isTwice([one.name, other.name]))
        .map((other) => mix(one, other)),
    ]),
  );
}
