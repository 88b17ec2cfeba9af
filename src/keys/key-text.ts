/**
 * Access keys in the forms that people have in the clipboard or in a file:
 *
 * - JSON: of `aws iam create-access-key`, its inner object, or with the names of a credentials file;
 * - the console's CSV files, with or without the columns for user name, password and login link, with quotes, and as spreadsheets save them (`;`, tabs);
 *   the columns by their header;
 * - assignments: a credentials file, `export NAME=…`, `$env:NAME = "…"`, `set NAME=…`, `set -gx NAME …`, `-e NAME=…`, YAML, Terraform, properties, also
 *   several in one line; and the console's own words (`Access key ID: …`);
 * - `aws iam create-access-key --output text` and `table`;
 * - the id and the secret in two lines, or in one with a comma, a colon, a tab or a blank.
 */
import { asObject, parseObject } from "../foundation/json.ts";

/** What was found; unchecked. */
export type KeyText = {
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
};

/** The key in `text`; undefined where there is none, or more than one. Never throws. */
export function findKey(text: string): KeyText | undefined {
  const plain = text
    .replaceAll(/[\u200B\uFEFF]/g, "")
    .replaceAll("\u00A0", " ")
    .trim();
  if (plain.startsWith("{")) return fromObject(parseObject(plain));
  const lines = plain.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  return fromTable(lines) ?? fromOutput(lines) ?? fromAssignments(lines) ?? fromWords(lines);
}

/** `Access key ID`, `aws_access_key_id`, `AccessKeyId`, `access_key` and the like, without what parts their words. */
const names: readonly (readonly [keyof KeyText, RegExp])[] = [
  ["accessKeyId", /^(?:aws)?accesskey(?:id)?$/],
  ["secretAccessKey", /^(?:aws)?secret(?:access)?key$/],
  ["sessionToken", /^(?:aws)?(?:session|security)token$/],
];

function nameOf(words: string): keyof KeyText | undefined {
  const plain = words.toLowerCase().replaceAll(/[^a-z]/g, "");
  return names.find(([, pattern]) => pattern.test(plain))?.[0];
}

function fromObject(
  object: Readonly<Record<string, unknown>> | undefined,
  depth = 3,
): KeyText | undefined {
  if (object === undefined || depth === 0) return undefined;
  const found = Object.entries(object).flatMap(([key, value]) => {
    const name = nameOf(key);
    return name !== undefined && typeof value === "string" ? [[name, value.trim()] as const] : [];
  });
  if (found.length > 0) return Object.fromEntries(found);
  const inner = Object.values(object).map((value) => fromObject(asObject(value), depth - 1));
  return only(inner.filter((one) => one !== undefined));
}

function fromTable([header = "", ...rows]: readonly string[]): KeyText | undefined {
  const comma = [",", ";", "\t"].find((one) => header.includes(one)) ?? ",";
  const columns = cells(header, comma).map(nameOf);
  if (columns.length < 2 || !columns.includes("accessKeyId")) return undefined;
  const row = only(rows);
  if (row === undefined) return undefined;
  return Object.fromEntries(
    cells(row, comma).flatMap((cell, at) => {
      const name = columns[at];
      return name === undefined || cell === "" ? [] : [[name, cell]];
    }),
  );
}

/** Cells with quotes may have commas in them (a password). */
function cells(line: string, comma: string): string[] {
  const cell = new RegExp(`(?:^|${comma})(?: *"((?:[^"]|"")*)" *|([^${comma}]*))`, "g");
  return [...line.matchAll(cell)].map(
    ([, quoted, bare = ""]) => quoted?.replaceAll('""', '"').trim() ?? bare.trim(),
  );
}

/** Of `--output text`: the id, a time and the secret, in the order of the names. */
function fromOutput(lines: readonly string[]): KeyText | undefined {
  const [, accessKeyId, secretAccessKey] =
    /^ACCESSKEY\s+(\S+)\s+\S+\s+(\S+)\s+(?:Active|Inactive)\b/.exec(only(lines) ?? "") ?? [];
  return accessKeyId === undefined ? undefined : { accessKeyId, secretAccessKey };
}

function fromAssignments(lines: readonly string[]): KeyText | undefined {
  const single = lines.flatMap((line) =>
    line
      // A row of `--output table`.
      .replace(/^\|\s*(\w+)\s*\|\s*(\S+)\s*\|$/, "$1=$2")
      .split(/;\s+|\s+(?=(?:-e\s+|--env[\s=])?AWS_\w+=)/),
  );
  const found = single.flatMap((line) => {
    const [, words = "", value = ""] =
      /^\s*(?:export\s+|setx?\s+(?:-\w+\s+)*|\$env:|-e\s+|--env[\s=]|-\s+|(?:[\w-]+\.)+)?"?([\w -]+?)"?\s*(?:=|:|\s(?=\S+$))\s*(.*?)[\s,;]*$/i.exec(
        line,
      ) ?? [];
    const name = nameOf(words);
    const bare = value.replace(/\s#.*$/, "").trim();
    return name === undefined || bare === ""
      ? []
      : [[name, bare.replace(/^(["'])(.*)\1$/, "$2")] as const];
  });
  if (found.length === 0 || new Set(found.map(([name]) => name)).size < found.length)
    return undefined;
  return Object.fromEntries(found);
}

function fromWords(lines: readonly string[]): KeyText | undefined {
  const words = lines.flatMap((line) => line.trim().split(/[\s,:]+/));
  const [accessKeyId, secretAccessKey] = words;
  return words.length === 2 ? { accessKeyId, secretAccessKey } : undefined;
}

function only<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined;
}
