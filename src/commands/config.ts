import { printError } from "../cli/messages.ts";
import { printJson } from "../cli/output.ts";
import type { Context } from "../foundation/context.ts";
import { defineCommand } from "../cli/command.ts";
import { escapeControls } from "../foundation/text.ts";
import type { Setting, Settings } from "../config/document.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { profileNotFound } from "../config/profiles.ts";
import { shownValue } from "../config/secret-keys.ts";

export default defineCommand({
  usage: "config [NAME]",
  summary: "show your AWS files as awsrole reads them, key by key (secrets masked)",
  positionals: { NAME: { describe: "show only this profile" } },
  options: {
    "show-origin": {
      type: "boolean",
      default: false,
      describe: "show the file and line of every key",
    },
  },
  examples: [
    {
      command: "awsrole config prod --show-origin",
      says: "show each setting of prod with its file and line",
    },
  ],
  async run(context, args) {
    const files = readAwsFiles(context.env, context.platform);
    const name = args.positionals["NAME"];
    const problems = files.problems().filter((problem) => problem.severity === "error");
    for (const { file, line, what, hint } of problems) {
      printError(context, { message: `${file}:${line}: ${what}`, hint });
    }
    if (name !== undefined && !files.profileNames().includes(name))
      throw profileNotFound(files, name);
    const read = readable(files, name);
    if (args.json) printJson(context, toJson(read));
    else print(context, read, args["show-origin"]);
    return problems.length === 0 ? 0 : 1;
  },
});

type Read = {
  profiles: Map<string, Settings>;
  ssoSessions: Map<string, Settings>;
  services: Map<string, Settings>;
};

/** Every section that can be read; the unreadable ones are in the list of problems. */
function readable(files: AwsFiles, name: string | undefined): Read {
  const collect = (
    names: readonly string[],
    read: (one: string) => Settings | undefined,
  ): Map<string, Settings> => {
    const sections = new Map<string, Settings>();
    for (const one of names) {
      try {
        const settings = read(one);
        if (settings !== undefined) sections.set(one, settings);
      } catch {
        // Told as a problem already.
      }
    }
    return sections;
  };
  return {
    profiles: collect(name === undefined ? files.profileNames() : [name], (one) =>
      files.profile(one),
    ),
    ssoSessions: collect(files.ssoSessionNames(), (one) => files.ssoSession(one)),
    services: collect(files.servicesNames(), (one) => files.services(one)),
  };
}

/** A secret is not shown, not even in part: its length and ends would help an onlooker. */
function shown(key: string, setting: Setting): string {
  return shownValue(key, setting.value);
}

type Json = { [key: string]: Json | string | number };

/** Plain objects without a prototype, so that a profile called `__proto__` is a profile. */
function toObject<T>(
  entries: Iterable<readonly [string, T]>,
  convert: (value: T, key: string) => Json | string | number,
): Json {
  const object = Object.create(null) as Json;
  for (const [key, value] of entries) object[key] = convert(value, key);
  return object;
}

function toJson(read: Read): Json {
  const setting = (one: Setting, key: string): Json => ({
    value:
      one.nested === undefined
        ? shown(key, one)
        : toObject(one.nested, (inner, innerKey) => shown(innerKey, inner)),
    file: one.file,
    line: one.line,
  });
  const sections = (all: Map<string, Settings>): Json =>
    toObject(all, (settings) => toObject(settings, setting));
  return {
    profiles: sections(read.profiles),
    ssoSessions: sections(read.ssoSessions),
    services: sections(read.services),
  };
}

function print(context: Context, read: Read, showOrigin: boolean): void {
  const lines: string[] = [];
  const section = (header: string, settings: Settings): void => {
    lines.push(header);
    for (const [key, one] of settings) {
      const origin = showOrigin ? `  # ${one.file}:${one.line}` : "";
      if (one.nested === undefined) lines.push(`${key} = ${shown(key, one)}${origin}`);
      else {
        lines.push(`${key} =${origin}`);
        for (const [inner, value] of one.nested)
          lines.push(
            `  ${inner} = ${shown(inner, value)}${showOrigin ? `  # ${value.file}:${value.line}` : ""}`,
          );
      }
    }
    lines.push("");
  };
  for (const [name, settings] of read.profiles)
    section(name === "default" ? "[default]" : `[profile ${name}]`, settings);
  for (const [name, settings] of read.ssoSessions) section(`[sso-session ${name}]`, settings);
  for (const [name, settings] of read.services) section(`[services ${name}]`, settings);
  if (lines.length > 0)
    context.stdout(
      `${lines
        .map((line) => escapeControls(line))
        .join("\n")
        .trimEnd()}\n`,
    );
}
