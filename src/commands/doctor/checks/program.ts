/** The `credential_process` line of profiles that are ours: that it is there, asks for the right profile, and can be run by every SDK. */
import { existsSync, statSync } from "node:fs";
import { posix, win32 } from "node:path";
import type { Setting, Settings } from "../../../config/document.ts";
import { setKey } from "../../../config/edit.ts";
import { isManaged } from "../../../config/profiles.ts";
import { credentialProcessLine, problemOf, whyReplaceable } from "../../../program/program-path.ts";
import { splitCommand } from "../../../foundation/split-command.ts";
import { awsroleLineProfile } from "../../../profiles/references.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import type { FindingId } from "../rules.ts";
import { at, type Check, type Facts, type Finding } from "../finding.ts";

/** The check of every profile in question that runs awsrole, or should. */
export const checkProgram: Check = (facts) =>
  facts.names.flatMap((name) => {
    try {
      const settings = facts.files.profile(name);
      return settings === undefined
        ? []
        : [...checkLine(facts, name, settings), ...checkCodeProgram(facts, name, settings)];
    } catch (error) {
      if (!isAwsRoleError(error) || error.code !== "ERR_CONFIG_SYNTAX") throw error;
      return [];
    }
  });

function checkCodeProgram(facts: Facts, profile: string, settings: Settings): Finding[] {
  const code = settings.get("awsrole_mfa_process") ?? settings.get("mfa_process");
  return [code, settings.get("awsrole_saml_process")].flatMap((setting) =>
    setting === undefined ? [] : replaceable(facts, profile, setting),
  );
}

function checkLine(facts: Facts, profile: string, settings: Settings): Finding[] {
  const setting = settings.get("credential_process");
  const managed = isManaged(settings);
  const [marker] = [...settings.values()];
  if (setting === undefined || setting.value === "") {
    if (!managed || marker === undefined) return [];
    return [
      found(
        facts,
        profile,
        marker,
        "no-process-line",
        "awsrole manages the profile, but it has no credential_process line",
      ),
    ];
  }
  // Beside a role of AWS's own the line has to go, whatever it says.
  if (!managed && settings.has("role_arn")) return [];
  const { value } = setting;
  const { platform } = facts;
  // A finding of its own. Writing the line again would take along what is below it.
  if (value.includes("\n")) return [];
  const line = (id: FindingId, what: string): Finding[] => [
    found(facts, profile, setting, id, what),
  ];
  if (managed && /^(["']).*\1$/.test(value))
    return line("line-quotes", "the line begins and ends with a quote");
  const asked = awsroleLineProfile(value, managed);
  if (asked === undefined) {
    // Another program is its owner's business, except where it could be replaced, or awsrole's should be.
    if (!managed) return replaceable(facts, profile, setting);
    // Nor is it overwritten, or shown: it may have a password in it.
    const what = "the line does not run awsrole credential-process";
    const { autoFix: _, ...finding } = found(facts, profile, setting, "line-unreadable", what);
    return [{ ...finding, fix: `awsrole edit-profile ${profile} --command PATH writes the line` }];
  }
  // Another name for a profile of ours; only a managed profile must ask for itself.
  if (asked !== profile && !managed) return [];
  if (asked !== profile) return line("other-profile-in-line", `the line asks for profile ${asked}`);
  if (/^~|\$|%\w+%|`/.test(value))
    return line("line-variables", "the line relies on shell expansion (~, $ or %)");
  const { odd } = readOptions(value, platform);
  return odd === undefined
    ? checkWords(facts, profile, setting, line)
    : line("line-options", `unexpected argument ${odd}`);
}

/** A program that is not awsrole's: its file, and the script where it is an interpreter. Nothing else of the command is shown. */
function replaceable({ platform }: Facts, profile: string, setting: Setting): Finding[] {
  if (platform === "win32") return [];
  const [program = "", ...words] = splitCommand(setting.value, platform) ?? [];
  const isInterpreter = /^(?:node|bun|deno|python[\d.]*|ruby|perl|(?:ba|z|da|k|fi)?sh|env)$/.test(
    posix.basename(program),
  );
  const script = isInterpreter ? words.find((word) => isFile(word)) : undefined;
  return [program, script ?? ""].flatMap((file): Finding[] => {
    const why = isFile(file) ? whyReplaceable(file, platform) : undefined;
    if (why === undefined) return [];
    return [
      {
        id: "program-unreliable",
        profile,
        ...at(setting),
        what: `${file} ${why}`,
        fix: "use a copy of the program owned by you or root, in folders that no other user can write",
      },
    ];
  });
}

function isFile(path: string): boolean {
  return posix.isAbsolute(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** What follows `--profile NAME`: the options that may stay, and the first word that may not. */
function readOptions(
  value: string,
  platform: NodeJS.Platform,
): { readonly kept: readonly string[]; readonly odd?: string | undefined } {
  const text =
    /(?<=[ \t])credential-process[ \t]+--profile(?:[ \t]+|=)\S+(.*)$/.exec(value)?.[1] ?? "";
  const words = splitCommand(text, platform) ?? [];
  const kept: string[] = [];
  let odd: string | undefined;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const isStore = word === "--store" && /^[a-z]+$/.test(words[index + 1] ?? "");
    if (/^--(?:no-input|debug|store=[a-z]+)$/.test(word)) kept.push(word);
    else if (isStore) kept.push(word, words[(index += 1)] ?? "");
    else odd ??= /^--[a-z-]+/.exec(word)?.[0] ?? "a word without --";
  }
  return { kept, odd };
}

/** Right for nearly all; a line without quotes is right for all. */
function quotedPath(profile: string, setting: Setting, path: string): Finding[] {
  return [
    {
      id: "program-quoted",
      profile,
      ...at(setting),
      what: `the path ${path} has a space, and quotes around it`,
      fix: `make a link without a space to it, and awsrole edit-profile ${profile} --command LINK`,
    },
  ];
}

function checkWords(
  { platform }: Facts,
  profile: string,
  setting: Setting,
  line: (id: FindingId, what: string) => Finding[],
): Finding[] {
  const { value } = setting;
  const words = splitCommand(value, platform);
  if (words === undefined) return line("line-unreadable", "a quote in the line is not closed");
  const end = words.indexOf("credential-process");
  const paths = words.slice(0, end);
  const [program = ""] = paths;
  const path = platform === "win32" ? win32 : posix;
  // A backslash of Windows is gone when the line is split as here.
  const [start = ""] = /^[A-Za-z]:\\[^\s"']*/.exec(value) ?? [];
  const other = [start, ...paths].find((one) => isOfOtherSystem(one, platform) && !existsSync(one));
  if (other !== undefined)
    return line("program-missing", `${other} does not exist`).map(forOtherSystem);
  if (!path.isAbsolute(program))
    return line(
      "program-not-absolute",
      `${program} is found by PATH, which differs between programs`,
    );
  if (platform === "win32" && value.includes('"'))
    return line("program-spaces", "several SDKs cannot run a quoted path through cmd.exe");
  const spaced = unquotedPath(paths);
  if (spaced !== undefined)
    return line("program-spaces", `the path ${spaced} has a space and no quotes`);
  if (platform === "win32" && !/\.(?:exe|cmd|bat)$/i.test(program))
    return line("program-extension", `${program} has no ending`);
  const gone = paths.find((one) => path.isAbsolute(one) && !existsSync(one));
  if (gone !== undefined) return line("program-missing", `${gone} does not exist`);
  for (const one of paths) {
    const problem = problemOf({ platform }, one);
    if (problem !== undefined) return line("program-unreliable", `${one} ${problem}`);
  }
  const quoted = paths.find((one) => one.includes(" "));
  return quoted === undefined ? [] : quotedPath(profile, setting, quoted);
}

/** A path that only another system has: the config is shared with it (a devcontainer, WSL, a synchronized home). */
function isOfOtherSystem(path: string, platform: NodeJS.Platform): boolean {
  const isMac = /^\/(?:Users|opt\/homebrew|Applications)\//.test(path);
  return /^[A-Za-z]:[\\/]/.test(path) ? platform !== "win32" : isMac && platform !== "darwin";
}

/** Written for this system, the line would be broken for the other. */
function forOtherSystem(finding: Finding): Finding {
  const { autoFix: _, ...advice } = finding;
  return {
    ...advice,
    what: `${finding.what}: it is a path of another system, with which this config seems to be shared`,
    fix: "give each system a config of its own (AWS_CONFIG_FILE), or make a link of that name here",
  };
}

/** The path that the first words were before they were cut at its spaces: the shortest that exists. Others may follow it (node and the script). */
function unquotedPath(words: readonly string[]): string | undefined {
  if (existsSync(words[0] ?? "")) return undefined;
  return words
    .map((_, index) => words.slice(0, index + 1).join(" "))
    .slice(1)
    .find((path) => existsSync(path));
}

function found(
  { program, files, platform }: Facts,
  profile: string,
  setting: Setting,
  id: FindingId,
  what: string,
): Finding {
  const lasting = program();
  const isOurFile = files.config.find("profile", profile).length > 0;
  const fix = `awsrole edit-profile ${profile} --command PATH rewrites the line`;
  if (lasting === undefined || !isOurFile) return { id, profile, ...at(setting), what, fix };
  const { kept } = readOptions(setting.value, platform);
  const fixed = [credentialProcessLine(lasting, profile), ...kept].join(" ");
  return {
    id,
    profile,
    ...at(setting),
    what,
    fix: `write credential_process = ${fixed}`,
    autoFix: {
      edit: (config) =>
        setKey(config, { kind: "profile", name: profile }, "credential_process", fixed),
    },
  };
}
