/**
 * Whatever a person, or a script with another person's text in its hands, passes to the profile commands: it is refused, or it is one value
 * of one key and reads back as what was passed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { escapeControls } from "../../src/foundation/text.ts";
import { parseDocument, readSettings } from "../../src/config/document.ts";
import { addSection, setKey } from "../../src/config/edit.ts";
import { isAwsRoleError } from "../../src/foundation/errors.ts";
import { keyOfOption, readRoleOptions } from "../../src/profiles/profile-options.ts";
import { createHome, type Home } from "../support/run-awsrole.ts";
import { type Output, runInProcess } from "../support/run-in-process.ts";

const attacks: readonly (readonly [what: string, text: string])[] = [
  ["a line feed and a key", "x\ncredential_process = evil"],
  ["a line feed and a section", "x\n[profile evil]"],
  ["a carriage return and a section", "x\r\n[profile evil]"],
  ["a carriage return alone", "x\raws_access_key_id = evil"],
  ["a next-line character", "x\u0085evil = y"],
  ["a line separator", "x\u2028evil = y"],
  ["a form feed", "x\fevil = y"],
  ["a closing bracket", "x]"],
  ["a header", "[profile evil]"],
  ["a comment", "x # evil"],
  ["a comment without a space", "x;evil"],
  ["a leading space", " x"],
  ["a leading tab", "\tx"],
  ["a trailing space", "x "],
  ["a space that is none to everybody", "\u00a0x"],
  ["a byte order mark", "\ufeffx"],
  ["quotes around it", '"x"'],
  ["apostrophes around it", "'x'"],
  ["a command", "$(evil) `evil` & evil | evil"],
  ["an equals sign", "=x"],
  ["NUL", "x\0y"],
  ["an escape sequence", "x\u001B[31m"],
  ["a control sequence of one byte", "x\u009B31m"],
  ["a delete", "x\u007F"],
  ["a turn of the writing direction", "x\u202Ey"],
  ["an isolate", "x\u2066y"],
  ["half a character", "x\uD800"],
];

const arn = "arn:aws:iam::123456789012:role/example-role";
const good = {
  NAME: "prod",
  "role-arn": arn,
  "source-profile": "bob",
} as const;

describe("what is passed to the profile commands", () => {
  let home: Home;
  beforeEach(() => {
    home = createHome({ config: "[default]\nregion = eu-west-1\n" });
  });
  afterEach(() => home.remove());
  const before = "[default]\nregion = eu-west-1\n";
  const text = (): string => readFileSync(home.configFile, "latin1");

  /** Refused without a trace, or the only new thing in the file. */
  function expectHarmless(output: Output, name: string, key: string, value: string): void {
    const shown = (output.stdout + output.stderr).replaceAll("\n", "");
    expect(escapeControls(shown)).toBe(shown);
    if (output.code !== 0) {
      expect(output.stdout).toBe("");
      expect(text()).toBe(before);
      return;
    }
    expect(text().startsWith(before)).toBe(true);
    const document = parseDocument(text(), { file: "config", kind: "config" });
    expect(document.sections().map((section) => section.name)).toEqual(["default", name]);
    const settings = readSettings(document, "profile", name);
    expect(settings?.get(key)?.value.replace(/^.*\/(?=[^/]*$)/, "")).toBe(
      value.replace(/^.*\/(?=[^/]*$)/, ""),
    );
    const known = ["credential_process", ...Object.values(keyOfOption)];
    expect(
      [...(settings ?? new Map<string, unknown>()).keys()].filter((one) => !known.includes(one)),
    ).toEqual([]);
    expect(text().slice(before.length).trim().split("\n")).toHaveLength(1 + (settings?.size ?? 0));
  }

  const run = (words: readonly string[]) => runInProcess(words, home.env);
  // All options go the same way, which the last test walks with each of them.
  const options = ["NAME", "mfa-process", "external-id", "source-profile", "command"];

  it.each(options)(
    "cannot add a line, a key or a section through %s of add-profile",
    async (option) => {
      for (const [what, attack] of attacks) {
        const { NAME, ...values } = { ...good, [option]: attack } as Record<string, string>;
        const source = option === "credential-source" || option === "web-identity-token-file";
        const words = Object.entries(values)
          .filter(([name]) => !source || name !== "source-profile")
          .flatMap(([name, value]) => [`--${name}`, value]);
        const output = await run(["add-profile", NAME ?? "", ...words]);
        const key =
          option in keyOfOption
            ? keyOfOption[option as keyof typeof keyOfOption]
            : "awsrole_role_arn";
        const value = option in keyOfOption ? attack : arn;
        try {
          expectHarmless(output, NAME ?? "", key, value);
        } catch (error) {
          throw new Error(`${what}: ${output.stdout}${output.stderr}`, { cause: error });
        }
        writeFileSync(home.configFile, before);
      }
    },
  );

  it("cannot add a line, a key or a section through a new name", async () => {
    await run(["add-profile", "prod", "--role-arn", arn, "--source-profile", "bob"]);
    const withProd = text();
    for (const [, attack] of attacks) {
      const output = await run(["rename-profile", "prod", attack]);
      expect(output).toMatchObject({ code: 2, stdout: "" });
      expect(text()).toBe(withProd);
    }
  });

  it.each(Object.keys(keyOfOption) as (keyof typeof keyOfOption)[])(
    "cannot add a line, a key or a section through --%s of add-profile and edit-profile",
    (option) => {
      const config = parseDocument(before, { file: "config", kind: "config" });
      const id = { kind: "profile", name: "prod" } as const;
      for (const [what, attack] of attacks) {
        let settings;
        try {
          settings = readRoleOptions({ [option]: attack }, "/folder");
        } catch (error) {
          expect(isAwsRoleError(error) && error.code, what).toBe("ERR_USAGE");
          continue;
        }
        const added = addSection(config, id, [["k", "v"]]);
        const edited = settings.reduce(
          (document, [key, value]) => setKey(document, id, key, value),
          added,
        );
        for (const document of [addSection(config, id, [...settings, ["k", "v"]]), edited]) {
          const lines = document.text.slice(before.length).trim().split("\n");
          expect(lines, what).toHaveLength(3);
          expect(document.sections(), what).toHaveLength(2);
          const read = readSettings(document, "profile", "prod");
          expect([...(read?.keys() ?? [])].toSorted(), what).toEqual(
            [keyOfOption[option], "k"].toSorted(),
          );
          expect(read?.get(keyOfOption[option])?.value, what).toBe(settings[0]?.[1]);
        }
      }
    },
  );
});
