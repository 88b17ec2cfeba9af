/** docs/reference/programs.md: which programs work with awsrole, and how, from the measurements. */
import measuredPrograms from "./measure-programs/measured.json" with { type: "json" };
import { type Row, rows, type Seen } from "./measure-programs/rows.ts";

/** By its name: what `npm run measure-programs` saw replaces what was seen by hand. */
const measured = measuredPrograms as Readonly<Record<string, Seen>>;

/** Every program in the order of the list. */
export function programRows(): readonly (Row & { readonly isMeasured: boolean })[] {
  return rows.map((row) => ({ ...row, ...measured[row.name], isMeasured: row.name in measured }));
}

/** The page. */
export function programsPage(): string {
  const all = programRows();
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    "# What works with what",
    "",
    `${all.length} programs and SDKs, each run with a profile of awsrole's. ${all.filter(({ isMeasured }) => isMeasured).length} of them were run by \`npm run measure-programs\`, which counts a program as working when a request signed with the role's session arrives; the others were run by hand, on the day in the table, with the release that was current then. A dash: it does not apply, or was not looked at.`,
    "",
    "- `profile`: the program runs `credential_process`, so that `AWS_PROFILE=prod` or its own setting is enough;",
    "- `names`: also where the profile's name has a dot, `+` or `@`;",
    "- `space`: also where awsrole's path has a space, in double quotes;",
    "- `reason`: it shows awsrole's reason when there are no credentials. Where it does not, run `awsrole log --last` and `awsrole whoami PROFILE`;",
    "- `exec`: works with `awsrole exec PROFILE -- PROGRAM`;",
    "- `serve`: works with `awsrole exec PROFILE --serve -- PROGRAM` and with `awsrole serve PROFILE`.",
    "",
    "What SDKs do with profiles that have several ways to credentials is in [its own table](clients.md).",
    "",
    line(["program", "release", "run", "profile", "names", "space", "reason", "exec", "serve"]),
    line(["---", "---", "---", "---", "---", "---", "---", "---", "---"]),
    ...all.map((row) =>
      line([
        row.name,
        row.version,
        row.isMeasured ? row.date : `${row.date}, by hand`,
        row.process,
        row.dots,
        row.space,
        row.reason,
        row.exec,
        row.serve,
      ]),
    ),
    "",
    "## Notes",
    "",
    ...all.flatMap(({ name, note }) => (note === undefined ? [] : [`- ${name}: ${note}.`])),
    "",
  ].join("\n");
}
