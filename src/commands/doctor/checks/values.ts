/** Values that cannot be meant: each looks right in the file and fails later, with a reason that does not lead back to it. */
import type { Setting, Settings } from "../../../config/document.ts";
import { capitalKeys } from "../../../config/capital-keys.ts";
import { setKey } from "../../../config/edit.ts";
import { writeKeySmall } from "../../../config/repairs.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { mfaDeviceProblem } from "../../../config/mfa-device.ts";
import { partitionOf } from "../../../config/connection.ts";
import { partitionOfRegion, regionProblem } from "../../../config/region-names.ts";
import { splitCommand } from "../../../foundation/split-command.ts";
import { needsShell } from "../../../foundation/shell-syntax.ts";
import { isManaged } from "../../../config/profiles.ts";
import { awsroleLineProfile } from "../../../profiles/references.ts";
import { at, type Check, type Facts, type Finding } from "../finding.ts";

/** Every check of values. A section with a bad line has its finding already. */
export const checkValues: Check = (facts) => [
  ...facts.names.flatMap((name) =>
    whereReadable(() => {
      const settings = facts.files.profile(name) ?? new Map<string, Setting>();
      return [
        ...capitals(facts, "profile", name),
        ...mfaDevice(name, settings),
        ...regionNames(facts, name, settings),
        ...otherPartition(name, settings),
        ...shellSyntax(facts, name, settings),
      ];
    }),
  ),
  ...facts.files
    .ssoSessionNames()
    .flatMap((name) =>
      whereReadable(() => [...capitals(facts, "sso-session", name), ...sessionRegion(facts, name)]),
    ),
];

function whereReadable(check: () => Finding[]): Finding[] {
  try {
    return check();
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return [];
  }
}

/** Some SDKs compare the names of settings letter by letter. */
function capitals({ files }: Facts, kind: "profile" | "sso-session", name: string): Finding[] {
  return [files.config, files.credentials].flatMap((document) =>
    capitalKeys(document, kind, name).map(({ key, text, line }): Finding => ({
      id: "capital-key",
      ...(kind === "profile" ? { profile: name } : {}),
      file: document.file,
      line,
      what: `${/^\s*([^\s=]*)/.exec(text)?.[1]} has capitals: JavaScript, Java, Kotlin, Ruby, C++ and Go v1 do not read it`,
      fix: `write ${key}`,
      ...(document.kind === "config"
        ? { autoFix: { edit: (config) => writeKeySmall(config, text) } }
        : {}),
    })),
  );
}

/** STS takes six digits: what gives none cannot be the device. */
function mfaDevice(profile: string, settings: Settings): Finding[] {
  const setting = settings.get("awsrole_mfa_serial") ?? settings.get("mfa_serial");
  if (setting === undefined) return [];
  const role = settings.get("awsrole_role_arn") ?? settings.get("role_arn");
  const [own, other] = [partitionOf(setting.value), partitionOf(role?.value ?? "")];
  const problem =
    mfaDeviceProblem(setting.value) ??
    (own === undefined || other === undefined || own === other
      ? undefined
      : {
          what: `is in the partition ${own}, and the role in ${other}`,
          hint: `name a device of ${other}, or a role of ${own}`,
        });
  if (problem === undefined) return [];
  return [
    {
      id: "mfa-device",
      profile,
      ...at(setting),
      what: `mfa_serial ${problem.what}`,
      fix: problem.hint,
    },
  ];
}

/** Other services than AWS's (MinIO, R2, Yandex) have regions of their own. */
function isElsewhere({ env }: Facts, settings: Settings): boolean {
  return (
    Boolean(env["AWS_ENDPOINT_URL"]) || settings.has("endpoint_url") || settings.has("services")
  );
}

function regionNames(facts: Facts, profile: string, settings: Settings): Finding[] {
  if (isElsewhere(facts, settings)) return [];
  return ["region", "awsrole_region", "sso_region"].flatMap((key): Finding[] => {
    const setting = settings.get(key);
    const found = setting === undefined ? undefined : regionFinding(key, setting);
    const meant = found?.meant;
    if (found === undefined || setting === undefined) return [];
    const isFixable = meant !== undefined && setting.file === facts.files.config.file;
    return [
      {
        ...found.finding,
        profile,
        ...(isFixable
          ? {
              autoFix: {
                edit: (config) => setKey(config, { kind: "profile", name: profile }, key, meant),
              },
            }
          : {}),
      },
    ];
  });
}

function sessionRegion({ files }: Facts, name: string): Finding[] {
  const setting = files.ssoSession(name)?.get("sso_region");
  const found = setting === undefined ? undefined : regionFinding("sso_region", setting);
  const meant = found?.meant;
  if (found === undefined) return [];
  if (meant === undefined) return [found.finding];
  const edit = (config: Facts["files"]["config"]) =>
    setKey(config, { kind: "sso-session", name }, "sso_region", meant);
  return [{ ...found.finding, autoFix: { edit } }];
}

/** A comment behind it, or an indented line below, has a finding of its own. */
function regionFinding(
  key: string,
  setting: Setting,
): { finding: Finding; meant: string | undefined } | undefined {
  const { value } = setting;
  if (value === "" || value.includes("\n")) return undefined;
  const problem = regionProblem(value);
  if (problem === undefined) return undefined;
  const finding = {
    id: "region-unknown",
    ...at(setting),
    what: `${key} = ${value} ${problem.what}`,
    fix:
      problem.meant !== undefined
        ? `write ${key} = ${problem.meant}`
        : problem.guess === undefined
          ? "a region looks like eu-west-1"
          : `did you mean ${problem.guess}?`,
  } as const;
  return { finding, meant: problem.meant };
}

/** China, GovCloud and the others are apart: no key, role or host of one is known in another. */
function otherPartition(profile: string, settings: Settings): Finding[] {
  const [role] = ["awsrole_role_arn", "role_arn"].flatMap((key) => settings.get(key) ?? []);
  const partition = role === undefined ? undefined : partitionOf(role.value);
  if (partition === undefined) return [];
  return ["awsrole_region", "region"].flatMap((key): Finding[] => {
    const setting = settings.get(key);
    if (setting === undefined || setting.value === "" || regionProblem(setting.value) !== undefined)
      return [];
    const other = partitionOfRegion(setting.value);
    if (other === partition) return [];
    return [
      {
        id: "region-partition",
        profile,
        ...at(setting),
        what: `${key} = ${setting.value} is in the partition ${other}, and the role in ${partition}`,
        fix: `name a region of ${partition}, or a role of ${other}`,
      },
    ];
  });
}

/** aws-vault ran mfa_process through a shell; the AWS CLI's own commands and awsrole do not. Of credential_process some do, and some do not. */
function shellSyntax({ platform }: Facts, profile: string, settings: Settings): Finding[] {
  const code = settings.get("awsrole_mfa_process") ?? settings.get("mfa_process");
  const saml = settings.get("awsrole_saml_process");
  const other = settings.get("credential_process");
  const isOurs = isManaged(settings) || awsroleLineProfile(other?.value ?? "", false) !== undefined;
  const fix =
    "write sh -c '…' around it, and absolute paths in place of ~; or put it into a script, and name that";
  const isOpen =
    code !== undefined && code.value !== "" && splitCommand(code.value, platform) === undefined;
  if (isOpen)
    return [
      {
        id: "mfa-process-shell",
        profile,
        ...at(code),
        what: "mfa_process has a quote that is not closed, or a backslash at its end",
        fix: "close the quote",
      },
    ];
  return [
    ...(code !== undefined && needsShell(code.value)
      ? [
          {
            id: "mfa-process-shell",
            profile,
            ...at(code),
            what: "mfa_process runs without a shell, so |, ;, $, ~ and the like have no effect",
            fix,
          } as const,
        ]
      : []),
    ...(saml !== undefined && needsShell(saml.value)
      ? [
          {
            id: "saml-process-shell",
            profile,
            ...at(saml),
            what: "awsrole_saml_process runs without a shell, so |, ;, $, ~ and the like have no effect",
            fix,
          } as const,
        ]
      : []),
    ...(other !== undefined && !isOurs && !other.value.includes("\n") && needsShell(other.value)
      ? [
          {
            id: "process-shell",
            profile,
            ...at(other),
            what: "credential_process has shell syntax, and the AWS CLI and boto3 run it without a shell",
            fix,
          } as const,
        ]
      : []),
  ];
}
