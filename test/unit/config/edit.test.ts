import { expect, it } from "vitest";
import { deleteSection } from "../../../src/config/edit.ts";
import { documentOf } from "../../support/config-files.ts";

it("deletes no section while a [default] that goes with it has a bad line, which would join the section above", () => {
  const config = documentOf(
    "[profile a]\nregion = eu-west-1\n[default]\n  stray = 1\n[profile default]\nregion = us-east-1\n",
  );
  expect(() => deleteSection(config, { kind: "profile", name: "default" })).toThrow(
    "config:4: an indented line has no setting above it to continue",
  );
});
