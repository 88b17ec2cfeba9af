/** docs/reference/json.md: what `--json` prints, made by running the commands against the double. */
import { commands } from "../src/commands/registry.ts";
import { AwsRoleError, errorCodes, exitCodeOf } from "../src/foundation/errors.ts";
import { createDocsWorld } from "../test/support/docs-world.ts";
import { type Home, program, runAwsrole } from "../test/support/run-awsrole.ts";
import { startAwsDouble } from "../test/support/aws-double.ts";

const role = "arn:aws:iam::123456789012:role/example-role";

/** One after the other, in one home. Those without a title set the scene. */
const steps: readonly (readonly [words: string, title?: string])[] = [
  ["remove-profile staging"],
  [`add-profile prod --role-arn ${role} --source-profile bob --region eu-west-1`, "add-profile"],
  ["edit-profile prod --duration-seconds 1800 --dry-run", "edit-profile"],
  ["whoami prod", "whoami"],
  ["list", "list"],
  ["config prod --show-origin", "config"],
  ["env prod", "env"],
  ["explain prod", "explain"],
  ["warm prod", "warm"],
  ["log", "log"],
  ["store move file", "store"],
  ["logout prod", "logout"],
  ["rename-profile prod acme", "rename-profile"],
  ["undo", "undo"],
  ["release prod", "release"],
  ["adopt prod", "adopt"],
  ["remove-profile prod", "remove-profile"],
  ["add-key bob --from-credentials-file", "add-key"],
  ["rotate-key bob", "rotate-key"],
  ["rotate-key bob --finish --yes", "rotate-key --finish"],
  ["setup demo --admin-profile bob --store file", "setup"],
  ["setup demo --undo --yes", "setup --undo"],
  ["remove-key bob", "remove-key"],
  ["whoami nobody", "Errors"],
];

/** The whole page. */
export async function jsonReference(): Promise<string> {
  const sts = await startAwsDouble();
  const home = createDocsWorld(sts, { withProd: false });
  const sections: string[] = [];
  try {
    for (const [line, title] of steps) {
      const words = line.split(" ");
      const name = words[0] ?? "";
      if (!Object.hasOwn(commands, name)) continue;
      // Opening the encrypted file takes its time; only keys need it here.
      const store = name.endsWith("-key") ? "file" : "plaintext";
      const { stdout, stderr } = await runAwsrole([...words, "--json"], {
        env: { ...home.env, AWSROLE_STORE: store, AWSROLE_LOG: "on" },
      });
      if (stdout === "") throw new Error(`${line} printed no JSON: ${stderr}`);
      if (title !== undefined) sections.push(...section(title, line, tidy(stdout, home)));
    }
  } finally {
    await home.remove();
    await sts.close();
  }
  return `${[
    "# JSON",
    "",
    "<!-- Made by `npm run docs` from real runs. -->",
    "",
    "What `--json` prints on stdout: one JSON value. Keys keep their names and meaning; new ones may be added, so ignore those you do not know. Times are UTC, ISO",
    "8601. What is absent is not known or does not apply. Every command that changes the AWS config prints `file`, `changed`, `dryRun`, `warnings`, and `undoable` (or, with",
    "`--dry-run`, `diff`). Messages of errors may change; their codes do not.",
    "",
    ...sections,
    "The codes, and what the command ends with (`exec`: always 125):",
    "",
    ...describeErrorCodes(),
  ]
    .join("\n")
    .trimEnd()}\n`;
}

function describeErrorCodes(): string[] {
  return errorCodes.map((code) => `- \`${code}\`: ${exitCodeOf(new AwsRoleError(code, ""))}`);
}

function section(title: string, line: string, json: string): string[] {
  return [`## ${title}`, "", `\`awsrole ${line} --json\``, "", "```json", json, "```", ""];
}

/** Without what differs from run to run and from machine to machine, and without the secrets. */
function tidy(text: string, { path }: Home): string {
  const value: unknown = JSON.parse(text, (key, value: unknown) => {
    if (key === "warnings") return [];
    if (key === "sessionName") return "bob";
    if (key === "store") return "keychain";
    if (key === "caller" || key === "program") return "terraform";
    if (/SECRET|TOKEN/.test(key)) return "...";
    if (typeof value === "number" && /seconds|minutes/i.test(key)) return 3600;
    if (typeof value !== "string") return value;
    return value
      .replaceAll(path, "/home/bob")
      .replaceAll(/session\/v1\/prod\/\w+/g, "session/v1/prod/0123456789abcdef")
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "https://sts.eu-west-1.amazonaws.com")
      .replaceAll(program.join(" "), "/usr/local/bin/awsrole")
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, "2026-11-24T10:00:00")
      .replaceAll(/\.\d{3}Z/g, ".000Z")
      .replaceAll(/\b(A(?:ROA|IDA|SIA|KIA))(?!IOSFODNN7EXAMPLE)[A-Z0-9]{10,}/g, "$1EXAMPLE")
      .replaceAll(/(?<=role\/(?:example|demo)-role\/|AROAEXAMPLE:)[\w.@-]+/g, "bob");
  });
  return JSON.stringify(value, undefined, 2);
}
