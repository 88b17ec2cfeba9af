/** Who points at a profile: as its source, or in a `credential_process` line that runs awsrole for it. */
import { awsroleFile } from "../config/awsrole-file.ts";
import { editEach, setKey } from "../config/edit.ts";
import type { Document, Settings } from "../config/document.ts";
import { readSettings, sectionNames } from "../config/document.ts";
import { isManaged } from "../config/profiles.ts";

/** A profile's key that names another profile (or, in its own line, itself). */
export type Reference = { readonly profile: string; readonly key: string; readonly to: string };

/** Every reference in one of the two files, in its order. Sections with a bad line are passed over: no tool can read them. */
export function findReferences(document: Document): readonly Reference[] {
  return sectionNames(document, "profile").flatMap((profile) => {
    const settings = readableSettings(document, profile);
    return settings === undefined ? [] : referencesOf(profile, settings);
  });
}

/** The config with every reference to a name of `names`' keys leading to its value. */
export function redirectReferences(config: Document, names: ReadonlyMap<string, string>): Document {
  const found = new Map<string, Reference[]>();
  for (const reference of findReferences(config)) {
    if (!names.has(reference.to)) continue;
    const known = found.get(reference.profile);
    if (known === undefined) found.set(reference.profile, [reference]);
    else known.push(reference);
  }
  return editEach(config, [...found.keys()], (profile, name) =>
    (found.get(name) ?? []).reduce((edited, { key, to }) => {
      const value = readableSettings(config, name)?.get(key)?.value ?? "";
      const target = names.get(to) ?? to;
      const redirected = key === "credential_process" ? redirectLine(value, target) : target;
      return setKey(edited, { kind: "profile", name }, key, redirected);
    }, profile),
  );
}

/**
 * The profile that a `credential_process` line runs awsrole for; undefined if it runs something else. Other programs have a
 * command of that name too (granted), so the program must be called awsrole, or the section be one that we manage.
 */
export function awsroleLineProfile(line: string, managed: boolean): string | undefined {
  const [, program = "", profile] = awsroleLine.exec(line) ?? [];
  return awsroleFile.test(program) || managed ? profile : undefined;
}

const awsroleLine =
  /^(.+?)(?<![ \t])[ \t]+credential-process[ \t]+--profile(?:[ \t]+|=)([^\s"]+)(?=\s|$)/;

function redirectLine(line: string, to: string): string {
  const [before = ""] = /^.+?[ \t]credential-process[ \t]+--profile(?:[ \t]+|=)/.exec(line) ?? [];
  return before + to + line.slice(before.length).replace(/^\S+/, "");
}

function referencesOf(profile: string, settings: Settings): Reference[] {
  return [...settings].flatMap(([key, { value }]): Reference[] => {
    if (key === "source_profile" || key === "awsrole_source_profile")
      return [{ profile, key, to: value }];
    if (key !== "credential_process") return [];
    const to = awsroleLineProfile(value, isManaged(settings));
    return to === undefined ? [] : [{ profile, key, to }];
  });
}

function readableSettings(config: Document, profile: string): Settings | undefined {
  try {
    return readSettings(config, "profile", profile);
  } catch {
    return undefined;
  }
}
