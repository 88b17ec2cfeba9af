import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeControls } from "../../../src/foundation/text.ts";
import { formatJson, printJson } from "../../../src/cli/output.ts";

describe("JSON that is printed", () => {
  it("has nothing that moves a cursor or reorders text, and is the same value", () => {
    const text = "a\u001B[31m\u0085\u009B\u202Eb\u2066\u200F\u061C\u2028\uFEFF\nü😀";
    const json = formatJson({ [text]: [text] }, { indent: true });
    expect(json).toContain("\\u009b\\u202e");
    // All but the line feeds of the indentation: what the function for terminals would still change.
    expect(escapeControls(json, { keepLineFeeds: true })).toBe(json);
    expect(JSON.parse(json)).toEqual({ [text]: [text] });
  });

  it("is the same value, whatever the value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(formatJson(value))).toEqual(expected);
        expect(JSON.parse(formatJson(value, { indent: true }))).toEqual(expected);
      }),
    );
  });

  it("ends with a line feed", () => {
    let printed = "";
    printJson({ stdout: (text) => (printed += text) }, { a: 1 });
    expect(printed).toBe('{\n  "a": 1\n}\n');
  });

  it("is printed in this way by every command", () => {
    const root = new URL("../../../src/", import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const others = files.filter((file) =>
      /stdout\([^;]*JSON\.stringify/.test(
        readFileSync(new URL(file.replaceAll("\\", "/"), root), "utf8"),
      ),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(others).toEqual([]);
  });
});
