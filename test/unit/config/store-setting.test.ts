import { describe, expect, test } from "vitest";
import { awsFiles } from "../../support/aws-files.ts";
import { configuredStore } from "../../../src/config/store-setting.ts";

describe("the store that the config names", () => {
  test.each<[title: string, config: string, store: string | undefined]>([
    ["no [default]", "[profile a]\n", undefined],
    ["[default] without it", "[default]\nregion = x\n", undefined],
    ["[default] with it", "[default]\nawsrole_store = file\n", "file"],
    ["another line of [default] is bad", "[default]\nbad\nawsrole_store = file\n", "file"],
    ["the whole of [default] is indented", "[default]\n  region = x\n", undefined],
    ["a line before the first section is bad", "x = y\n[profile a]\n", undefined],
    ["the header of [default] is cut off", "[profile a]\n[default\nregion = x\n", undefined],
  ])("%s", (_title, config, store) => {
    expect(configuredStore(awsFiles(config))).toBe(store);
  });

  test.each([
    ["indented", "[default]\n  awsrole_store = none\n"],
    ["without =", "[default]\nawsrole_store none\n"],
    ["before the first section", "awsrole_store = none\n[profile a]\n"],
    ["below a header that is cut off", "[default\n awsrole_store = none\n"],
  ])("is not guessed where its own line is bad: %s", (_where, config) => {
    expect(() => configuredStore(awsFiles(config))).toThrow(/config:\d/);
  });
});
