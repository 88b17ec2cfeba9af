/** Values that cannot be meant: each looks right in the file and fails later, with a reason that does not lead back to it. */
import {
  type Document,
  parseDocument,
  type Setting,
  type Settings,
} from "../../../config/document.ts";
import { readProperty } from "../../../config/grammar.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { at, type Check, type Facts, type Finding } from "../finding.ts";

/** Every check of values. A profile with a bad line has its finding already. */
export const checkValues: Check = (facts) =>
  facts.names.flatMap((name) => {
    try {
      const settings = facts.files.profile(name) ?? new Map<string, Setting>();
      return [
        ...inlineComments(facts, name, settings),
        ...mfaDevices(name, settings),
        ...regionNames(name, settings),
        ...shellSyntax(name, settings),
      ];
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      return [];
    }
  });

/** The AWS CLI and boto3 have the comment for a part of the value. */
function inlineComments({ files }: Facts, profile: string, settings: Settings): Finding[] {
  return [...settings].flatMap(([key, setting]): Finding[] => {
    const document = setting.file === files.config.file ? files.config : files.credentials;
    const line = lineOf(document, setting.line);
    if (setting.value === "" || !hasInlineComment(line)) return [];
    const { line: number } = setting;
    return [
      {
        id: "inline-comment",
        profile,
        ...at(setting),
        what: `a comment behind the value of ${key}`,
        fix: "move it to a line of its own, above",
        ...(document === files.config
          ? { autoFix: { edit: (config: Document) => moveComment(config, number, line) } }
          : {}),
      },
    ];
  });
}

function lineOf({ text }: Document, line: number): string {
  return (text.split("\n")[line - 1] ?? "").replace(/\r$/, "");
}

function hasInlineComment(line: string): boolean {
  return readProperty(line) !== undefined && /=.*[ \t][#;]/.test(line);
}

/** The comment on a line above, where the line is still the one that was found. */
function moveComment(config: Document, number: number, found: string): Document {
  // An edit before this one may have moved it.
  const lines = config.text.split("\n");
  const index = [number - 1, ...lines.keys()].find(
    (one) => (lines[one] ?? "").replace(/\r$/, "") === found,
  );
  if (index === undefined) return config;
  const end = (lines[index] ?? "").endsWith("\r") ? "\r" : "";
  const comment = found.search(/[ \t][#;]/);
  const [value, text] = [found.slice(0, comment).trimEnd(), found.slice(comment).trim()];
  lines.splice(index, 1, `${text}${end}`, `${value}${end}`);
  return parseDocument(lines.join("\n"), config);
}

/** STS takes six digits: what gives none cannot be the device. */
function mfaDevices(profile: string, settings: Settings): Finding[] {
  const setting = settings.get("awsrole_mfa_serial") ?? settings.get("mfa_serial");
  const kind = /^arn:[^:]*:iam::\d*:(u2f|user|sms-mfa)\//.exec(setting?.value ?? "")?.[1];
  if (setting === undefined || kind === undefined) return [];
  const problems: Readonly<Record<string, readonly [what: string, fix: string]>> = {
    u2f: [
      "mfa_serial is a security key or passkey, which gives no six-digit code",
      "register an authenticator app beside it and name that (a YubiKey can hold one), or sign in with aws login or SSO",
    ],
    user: [
      "mfa_serial is the ARN of a user, not of a device",
      "the device's ARN has :mfa/ in place of :user/, and may have another name: see the user's security credentials in the console",
    ],
    "sms-mfa": [
      "mfa_serial is an SMS device, which AWS no longer has",
      "register an authenticator app and name that",
    ],
  };
  const [what = "", fix = ""] = problems[kind] ?? [];
  return [{ id: "mfa-device", profile, ...at(setting), what, fix }];
}

/** Not a list of regions, which grows: the form that all of them have. */
function regionNames(profile: string, settings: Settings): Finding[] {
  return ["region", "awsrole_region", "sso_region"].flatMap((key): Finding[] => {
    const setting = settings.get(key);
    const value = setting?.value ?? "";
    if (setting === undefined || value === "" || /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/.test(value))
      return [];
    if (value === "aws-global" || value === "local" || /\s[#;]/.test(value)) return [];
    const zone = /^([a-z]{2,4}(?:-[a-z]+)+-\d)[a-z]$/.exec(value)?.[1];
    return [
      {
        id: "region-unknown",
        profile,
        ...at(setting),
        what:
          zone === undefined
            ? `${key} = ${value} is the name of no region`
            : `${key} = ${value} is an availability zone`,
        fix: zone === undefined ? "a region looks like eu-west-1" : `its region is ${zone}`,
      },
    ];
  });
}

/** aws-vault ran it through a shell; the AWS CLI's own commands and awsrole do not. */
function shellSyntax(profile: string, settings: Settings): Finding[] {
  const setting = settings.get("awsrole_mfa_process") ?? settings.get("mfa_process");
  const value = setting?.value ?? "";
  if (setting === undefined || /^(?:\S*\/)?(?:ba|z|da|fi)?sh\s+-\w*c\s/.test(value)) return [];
  const outsideQuotes = value.replaceAll(/'[^']*'/g, "");
  if (!/(?:^|\s)(?:\||\|\||&&|;|>|<|\d>)|\$[\w({]|`|(?:^|\s)~\/|^\w+=\S*\s|;\s/.test(outsideQuotes))
    return [];
  return [
    {
      id: "mfa-process-shell",
      profile,
      ...at(setting),
      what: "mfa_process is run without a shell, so that |, ;, $, ~ and the like mean nothing in it",
      fix: "write sh -c '…' around it, and absolute paths in place of ~",
    },
  ];
}
