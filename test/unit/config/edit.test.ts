import { describe, expect, it } from "vitest";
import { addSection, deleteKey, deleteSection, renameSection } from "../../../src/config/edit.ts";
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

describe("what is above a section or a key stays when that goes", () => {
  const b = "[profile b]\nrole_arn = R\nsource_profile = a\n";
  it.each([
    [
      "a setting that is switched off",
      `[profile a]\nregion = us-east-1\n# output = json\n${b}`,
      "[profile a]\nregion = us-east-1\n# output = json\n",
    ],
    [
      "a section that is switched off",
      `[profile a]\nregion = x\n\n# [profile old]\n# role_arn = Old\n${b}`,
      "[profile a]\nregion = x\n\n# [profile old]\n# role_arn = Old\n",
    ],
    ["a line for the editor at the top", `# vim: ft=dosini\n${b}`, "# vim: ft=dosini\n"],
    [
      "a banner over several",
      `# Team X\n${b}\n[profile c]\nregion = x\n`,
      "# Team X\n\n[profile c]\nregion = x\n",
    ],
    [
      "what follows, behind a blank line",
      `${b}# mine\n\n# Team Y\n[profile c]\n`,
      "# Team Y\n[profile c]\n",
    ],
    ["what directly precedes the next", `${b}# Team Y\n[profile c]\n`, "# Team Y\n[profile c]\n"],
    [
      "a section switched off behind it",
      `${b}# [profile old]\n# region = x\n\n[profile c]\n`,
      "# [profile old]\n# region = x\n\n[profile c]\n",
    ],
  ])("%s", (_, before, after) => {
    expect(deleteSection(documentOf(before), { kind: "profile", name: "b" }).text).toBe(after);
  });

  it("of a key, too", () => {
    const config = documentOf("[profile b]\n# region = us-west-2\nregion = x\noutput = json\n");
    expect(deleteKey(config, { kind: "profile", name: "b" }, "region").text).toBe(
      "[profile b]\n# region = us-west-2\noutput = json\n",
    );
  });
});

it.each([
  ["[Profile b]", "has capitals"],
  ["[profile\u00a0b]", "cannot be seen"],
])("adds no second section beside %s", (header, why) => {
  const config = documentOf(`[profile a]\nregion = x\n${header}\nregion = y\n`);
  expect(() => addSection(config, { kind: "profile", name: "b" }, [["region", "z"]])).toThrow(why);
});
