import { expect, it } from "vitest";
import { addSection, deleteSection, renameSection } from "../../../src/config/edit.ts";
import { documentOf } from "../../support/config-files.ts";

it("deletes no section while a [default] that goes with it has a bad line, which would join the section above", () => {
  const config = documentOf(
    "[profile a]\nregion = eu-west-1\n[default]\n  stray = 1\n[profile default]\nregion = us-east-1\n",
  );
  expect(() => deleteSection(config, { kind: "profile", name: "default" })).toThrow(
    "config:4: an indented line has no setting above it to continue",
  );
});

it.each([
  ['[profile "foobar"]', "has quotes: only the AWS CLI, boto3 and JavaScript read it"],
  [
    "[profile  foobar]",
    "has more spaces than one: the AWS CLI, boto3 or JavaScript do not read it",
  ],
])("adds no section that some tools have already, as %s", (header, form) => {
  const config = documentOf(`${header}\nregion = eu-west-1\n\n[profile other]\nregion = x\n`);
  const id = { kind: "profile", name: "foobar" } as const;
  const refusal = `[profile foobar] is already there, in a header that ${form}: config:1`;
  expect(() => addSection(config, id, [["region", "us-east-1"]])).toThrow(refusal);
  expect(() => renameSection(config, { ...id, name: "other" }, "foobar")).toThrow(refusal);
});
