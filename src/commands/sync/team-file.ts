/**
 * The file by which a team shares its sessions and names (`sync --from`): JSON by docs/reference/team-file.schema.json. It comes from a repository
 * that others can change, so it is a closed list of keys, and none of them names a program.
 */
import { addSections } from "../../config/edit.ts";
import { type AwsFiles, combineDocuments } from "../../config/files.ts";
import { readSettings } from "../../config/document.ts";
import { isRegion } from "../../config/connection.ts";
import { assertWritableName, assertWritableValue } from "../../config/names.ts";
import { rules } from "../../config/role-values.ts";
import { parseStartUrl } from "../../config/start-url.ts";
import { isSamePortal } from "../../sso/token.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { namedFileProblem, readNamedFile } from "../../foundation/named-file.ts";
import { globPattern } from "../../foundation/glob.ts";
import { parseFilter } from "./filter.ts";
import type { Wanted } from "./plan.ts";
import { type Access, assertTemplate } from "../../profiles/name-template.ts";

export type TeamFile = {
  readonly sessions: readonly TeamSession[];
  readonly template?: string;
  readonly filters?: readonly string[];
  readonly assume?: readonly Assumption[];
};

type TeamSession = {
  readonly name: string;
  readonly startUrl: string;
  readonly region: string;
  readonly scopes?: readonly string[];
};

/** IAM roles to assume with the Identity Center role `from`, in each account of `accounts` (globs of name or id; all without it). */
type Assumption = {
  readonly from: string;
  readonly role: string;
  readonly accounts?: readonly string[];
};

const maxBytes = 1 << 20;

/** Reads and checks it. @throws ERR_CONFIG_READ for a file that cannot be read or is not by the schema. */
export function readTeamFile(file: string): TeamFile {
  const fail = (problem: string, cause?: unknown): AwsRoleError =>
    new AwsRoleError("ERR_CONFIG_READ", `${file}: ${problem}`, {
      hint: "awsrole sync --help shows an example; the schema is team-file.schema.json",
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(readNamedFile(file, { maxBytes }).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw fail("it is not JSON", error);
    throw fail(`it ${namedFileProblem(error)}`, error);
  }
  return checkTeam(value, fail);
}

type Fail = (problem: string) => AwsRoleError;

function checkTeam(value: unknown, fail: Fail): TeamFile {
  const team = teamOf(value, fail);
  assertUsable(team, fail);
  return team;
}

/** Everything that a text of the file could be refused for later, with its place. */
function assertUsable({ sessions, template, filters, assume }: TeamFile, fail: Fail): void {
  const check = (at: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      throw fail(`${at}: ${error.message}`);
    }
  };
  for (const [index, { name, startUrl, region, scopes = [] }] of sessions.entries()) {
    const at = `sessions[${index}]`;
    check(`${at}.name`, () => assertWritableName(name));
    if (sessions.findIndex((other) => other.name === name) !== index)
      throw fail(`${at}.name: there are two sessions ${name}`);
    check(`${at}.startUrl`, () => assertWritableValue("sso_start_url", startUrl));
    if (!isRegion(region)) throw fail(`${at}.region is not a region`);
    for (const [place, scope] of scopes.entries())
      check(`${at}.scopes[${place}]`, () => assertWritableValue("sso_registration_scopes", scope));
  }
  if (template !== undefined) check("template", () => assertTemplate(template, template));
  for (const [index, filter] of (filters ?? []).entries())
    check(`filters[${index}]`, () => parseFilter([filter]));
  for (const [index, { role }] of (assume ?? []).entries())
    if (!rules.roleArn.pattern.test(role) && !/^[\w+=,.@/-]+$/.test(role))
      throw fail(`assume[${index}].role is neither the name nor the ARN of a role`);
}

function teamOf(value: unknown, fail: Fail): TeamFile {
  const top = objectOf(value, "", ["$schema", "sessions", "template", "filters", "assume"], fail);
  const sessions = listOf(top["sessions"], "sessions", fail).map((one, index): TeamSession => {
    const at = `sessions[${index}].`;
    const session = objectOf(one, at, ["name", "startUrl", "region", "scopes"], fail);
    return {
      name: textOf(session["name"], `${at}name`, fail),
      startUrl: startUrlOf(textOf(session["startUrl"], `${at}startUrl`, fail), at, fail),
      region: textOf(session["region"], `${at}region`, fail),
      ...(session["scopes"] === undefined
        ? {}
        : { scopes: textsOf(session["scopes"], `${at}scopes`, fail) }),
    };
  });
  if (sessions.length === 0) throw fail("sessions is empty");
  return {
    sessions,
    ...(top["template"] === undefined
      ? {}
      : { template: textOf(top["template"], "template", fail) }),
    ...(top["filters"] === undefined ? {} : { filters: textsOf(top["filters"], "filters", fail) }),
    ...(top["assume"] === undefined
      ? {}
      : {
          assume: listOf(top["assume"], "assume", fail).map((one, index): Assumption => {
            const at = `assume[${index}].`;
            const rule = objectOf(one, at, ["from", "role", "accounts"], fail);
            return {
              from: textOf(rule["from"], `${at}from`, fail),
              role: textOf(rule["role"], `${at}role`, fail),
              ...(rule["accounts"] === undefined
                ? {}
                : { accounts: textsOf(rule["accounts"], `${at}accounts`, fail) }),
            };
          }),
        }),
  };
}

function objectOf(
  value: unknown,
  at: string,
  keys: readonly string[],
  fail: Fail,
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fail(`${at === "" ? "it" : at.slice(0, -1)} is not an object`);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw fail(`unknown key ${at}${unknown}`);
  return value as Readonly<Record<string, unknown>>;
}

function startUrlOf(text: string, at: string, fail: Fail): string {
  try {
    return parseStartUrl(text);
  } catch (error) {
    throw isAwsRoleError(error) ? fail(`${at}startUrl: ${error.message}`) : error;
  }
}

function listOf(value: unknown, at: string, fail: Fail): readonly unknown[] {
  if (!Array.isArray(value)) throw fail(`${at} is not a list`);
  return value;
}

function textOf(value: unknown, at: string, fail: Fail): string {
  if (typeof value !== "string" || value === "") throw fail(`${at} is not a text`);
  return value;
}

function textsOf(value: unknown, at: string, fail: Fail): readonly string[] {
  return listOf(value, at, fail).map((one, index) => textOf(one, `${at}[${index}]`, fail));
}

/** The files with the team's `[sso-session]` sections. @throws ERR_CONFIG_CONFLICT for one that is there with other values. */
export function addSessions(files: AwsFiles, { sessions }: TeamFile): AwsFiles {
  const missing = sessions.filter(({ name, startUrl, region }) => {
    const settings = readSettings(files.config, "sso-session", name);
    if (settings === undefined) return true;
    for (const [key, value] of [
      ["sso_start_url", startUrl],
      ["sso_region", region],
    ] as const) {
      const own = settings.get(key);
      if (own === undefined || own.value === value) continue;
      if (key === "sso_start_url" && isSamePortal(own.value, value)) continue;
      throw new AwsRoleError(
        "ERR_CONFIG_CONFLICT",
        `${key} of [sso-session ${name}] (${own.file}:${own.line}) differs from the team's file`,
        { hint: "rename your session, or correct one of the two" },
      );
    }
    return false;
  });
  const config = addSections(
    files.config,
    missing.map(({ name, startUrl, region, scopes }) => ({
      id: { kind: "sso-session", name },
      settings: [
        ["sso_start_url", startUrl],
        ["sso_region", region],
        ["sso_registration_scopes", (scopes ?? ["sso:account:access"]).join(",")],
      ],
    })),
  );
  return missing.length === 0 ? files : combineDocuments(config, files.credentials);
}

/** The role chains of a team for this access. */
export function assumedIn(
  access: readonly Access[],
  team: TeamFile | undefined,
  regionOf: (session: string) => string,
): readonly Wanted[] {
  return (team?.assume ?? []).flatMap(({ from, role, accounts = ["*"] }) => {
    const globs = accounts.map(globPattern);
    return access
      .filter((one) => one.role === from)
      .filter(({ accountId, accountName }) =>
        globs.some((glob) => glob.test(accountId) || glob.test(accountName ?? "")),
      )
      .map((one): Wanted => ({
        ...one,
        assume: { roleArn: arnOf(one, role, regionOf(one.session)) },
      }));
  });
}

function arnOf({ accountId }: Access, role: string, region: string): string {
  if (role.startsWith("arn:")) return role;
  const start = /^(?:cn|us-gov|eusc)(?=-)/.exec(region)?.[0];
  return `arn:${start === undefined ? "aws" : `aws-${start}`}:iam::${accountId}:role/${role}`;
}
