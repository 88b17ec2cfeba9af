import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Document,
  bodyOf,
  documentProblems,
  parseDocument,
  readSettings,
} from "../../src/config/document.ts";
import {
  addSection,
  deleteKey,
  deleteSection,
  deleteSections,
  editEach,
  renameKey,
  renameSection,
  renameSections,
  setKey,
} from "../../src/config/edit.ts";
import { applyEdits, diffEdits, reverseEdits } from "../../src/config/line-edits.ts";
import { readBody } from "../../src/config/grammar.ts";
import { isAwsRoleError } from "../../src/foundation/errors.ts";
import { documentOf, hasBothDefaults, names, validFile } from "../support/config-files.ts";

fc.configureGlobal({ numRuns: process.env["AWSROLE_TEST_LONG"] === undefined ? 500 : 20_000 });

/** Shown as its text when a property fails. */
const file = validFile.map((text) =>
  Object.assign(documentOf(text), { [fc.toStringMethod]: () => JSON.stringify(text) }),
);
const name = fc.constantFrom(...names);
const key = fc.constantFrom("k", "region", "output", "s3", "new_key");
const value = fc.stringMatching(/^[A-Za-z0-9/:=,.@"]([A-Za-z0-9/:=,.@" ü]{0,20}[A-Za-z0-9])?$/);

describe("any file", () => {
  test("the generated files are free of errors", () => {
    fc.assert(
      fc.property(file, (document) => {
        expect(documentProblems(document).filter(({ severity }) => severity === "error")).toEqual(
          [],
        );
      }),
    );
  });

  test("whatever the bytes, the text is kept and reading gives a value or a syntax error", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString("latin1")),
      fc.stringMatching(/^[[\]#;= \t\r\nabp\u00ff"]{0,80}$/),
    );
    fc.assert(
      fc.property(bytes, (text) => {
        const document = parseDocument(text, { file: "config", kind: "config" });
        expect(document.text).toBe(text);
        const problems = documentProblems(document);
        for (const { kind, name: found } of document.sections()) {
          try {
            readSettings(document, kind, found);
          } catch (error) {
            expect(isAwsRoleError(error) && error.code).toBe("ERR_CONFIG_SYNTAX");
            expect(problems.some(({ severity }) => severity === "error")).toBe(true);
          }
        }
      }),
    );
  });

  test("the sections and what is before them make up the whole file", () => {
    fc.assert(
      fc.property(file, (document) => {
        const { text, headers } = document;
        const parts = document.sections().map(({ start, end }) => text.slice(start, end));
        expect(text.slice(0, headers[0] ?? text.length) + parts.join("")).toBe(text);
      }),
    );
  });
});

describe("edits", () => {
  test("adding a section and deleting it restores the bytes", () => {
    fc.assert(
      fc.property(file, fc.array(fc.tuple(key, value), { maxLength: 3 }), (document, settings) => {
        const id = { kind: "profile", name: "added" } as const;
        expect(deleteSection(addSection(document, id, settings), id).text).toBe(document.text);
      }),
    );
  });

  test("sections added and deleted in any order restore the bytes", () => {
    fc.assert(
      fc.property(file, fc.shuffledSubarray(["n1", "n2", "n3"]), (document, order) => {
        const id = (added: string) => ({ kind: "profile", name: added }) as const;
        let edited: Document = document;
        for (const added of [...order].sort()) edited = addSection(edited, id(added), [["k", "v"]]);
        for (const added of order) edited = deleteSection(edited, id(added));
        expect(edited.text).toBe(document.text);
      }),
    );
  });

  test("an added section reads back, and every other one as before", () => {
    fc.assert(
      fc.property(file, key, value, (document, added, text) => {
        const edited = addSection(document, { kind: "profile", name: "added" }, [[added, text]]);
        expect(edited.text.startsWith(document.text)).toBe(true);
        expect(readSettings(edited, "profile", "added")?.get(added)?.value).toBe(text);
        expect(meaning(edited, "added")).toEqual(meaning(document, "added"));
      }),
    );
  });

  test("a set key reads back, other sections and keys as before, and only its own lines change", () => {
    fc.assert(
      fc.property(file, name, key, value, (document, edit, set, text) => {
        fc.pre(document.find("profile", edit).length > 0);
        const edited = setKey(document, { kind: "profile", name: edit }, set, text);
        expect(readSettings(edited, "profile", edit)?.get(set)?.value).toBe(text);
        expect(meaning(edited, edit)).toEqual(meaning(document, edit));
        expect(settingsBut(edited, edit, set)).toEqual(settingsBut(document, edit, set));
        expect(changedOutside(document, edited, edit, set)).toBe("");
      }),
    );
  });

  test("a deleted key is gone, and everything else reads as before", () => {
    fc.assert(
      fc.property(file, name, key, (document, edit, gone) => {
        fc.pre(document.find("profile", edit).length > 0);
        const edited = deleteKey(document, { kind: "profile", name: edit }, gone);
        expect(readSettings(edited, "profile", edit)?.has(gone)).toBe(false);
        expect(meaning(edited, edit)).toEqual(meaning(document, edit));
        expect(settingsBut(edited, edit, gone)).toEqual(settingsBut(document, edit, gone));
        expect(diffEdits(document.text, edited.text).every(({ added }) => added.length <= 1)).toBe(
          true,
        );
      }),
    );
  });

  test("a key set where there was none, and deleted, restores the bytes", () => {
    fc.assert(
      fc.property(file, name, value, (document, edit, text) => {
        fc.pre(document.find("profile", edit).length > 0);
        const id = { kind: "profile", name: edit } as const;
        expect(deleteKey(setKey(document, id, "new_key", text), id, "new_key").text).toBe(
          document.text,
        );
      }),
    );
  });

  test("a renamed key keeps its value; renamed back, the bytes are as before but for case", () => {
    fc.assert(
      fc.property(file, name, key, (document, edit, old) => {
        fc.pre(document.find("profile", edit).length > 0);
        const id = { kind: "profile", name: edit } as const;
        const edited = renameKey(document, id, old, "renamed");
        expect(readSettings(edited, "profile", edit)?.get("renamed")?.value).toBe(
          readSettings(document, "profile", edit)?.get(old)?.value,
        );
        expect(renameKey(edited, id, "renamed", old).text.toLowerCase()).toBe(
          document.text.toLowerCase(),
        );
      }),
    );
  });

  test("a deleted section is gone, and every other one reads as before", () => {
    fc.assert(
      fc.property(file, name, (document, gone) => {
        fc.pre(document.find("profile", gone).length > 0);
        const edited = deleteSection(document, { kind: "profile", name: gone });
        expect(readSettings(edited, "profile", gone)).toBeUndefined();
        expect(meaning(edited, gone)).toEqual(meaning(document, gone));
        // The first line may come by the byte order mark, and the last may lose its line break.
        expect(diffEdits(document.text, edited.text).every(({ added }) => added.length <= 2)).toBe(
          true,
        );
      }),
    );
  });

  test("sections deleted together are those deleted from the last to the first", () => {
    const id = (one: string) => ({ kind: "profile", name: one }) as const;
    fc.assert(
      fc.property(file, fc.shuffledSubarray([...names]), (document, chosen) => {
        const all = document.sections().filter(({ kind }) => kind === "profile");
        const start = (one: string): number => all.findIndex((section) => section.name === one);
        const once = chosen.filter(
          (one) => all.filter((section) => section.name === one).length === 1,
        );
        const ordered = once.toSorted((one, other) => start(other) - start(one));
        const oneByOne = ordered.reduce<Document>(
          (edited, one) => deleteSection(edited, id(one)),
          document,
        );
        expect(deleteSections(document, once.map(id)).text).toBe(oneByOne.text);
      }),
    );
  });

  test("two sections that swap their names swap what is read of them, and nothing else", () => {
    fc.assert(
      fc.property(file, name, name, (document, one, other) => {
        const chosen: readonly string[] = [one, other];
        fc.pre(one !== other && chosen.every((each) => document.find("profile", each).length > 0));
        fc.pre(!(chosen.includes("default") && hasBothDefaults(document)));
        const swap = new Map([
          [one, other],
          [other, one],
        ]);
        const swapped = renameSections(document, "profile", swap);
        for (const each of names)
          expect(settingsBut(swapped, swap.get(each) ?? each)).toEqual(settingsBut(document, each));
      }),
    );
  });

  test("a renamed section reads as the old one did, and every other one as before", () => {
    fc.assert(
      fc.property(file, name, (document, old) => {
        const sections = document.find("profile", old);
        fc.pre(sections.length > 0 && !(old === "default" && hasBothDefaults(document)));
        const edited = renameSection(document, { kind: "profile", name: old }, "renamed");
        expect(settingsBut(edited, "renamed")).toEqual(settingsBut(document, old));
        expect(readSettings(edited, "profile", old)).toBeUndefined();
        expect(meaning(edited, "renamed")).toEqual(meaning(document, old));
      }),
    );
  });

  test("the same edit of many profiles is that of one after the other", () => {
    const edit = (document: Document, profile: string): Document =>
      deleteKey(
        setKey(document, { kind: "profile", name: profile }, "region", "new-1"),
        { kind: "profile", name: profile },
        "output",
      );
    fc.assert(
      fc.property(file, fc.shuffledSubarray([...names]), (document, chosen) => {
        const there = chosen.filter((one) => document.find("profile", one).length > 0);
        expect(editEach(document, there, edit).text).toBe(there.reduce(edit, document).text);
      }),
    );
  });

  test("the edits between two files make one of the other, and back", () => {
    fc.assert(
      fc.property(validFile, validFile, (before, after) => {
        const edits = diffEdits(before, after);
        expect(applyEdits(before, edits)).toBe(after);
        expect(applyEdits(after, reverseEdits(edits))).toBe(before);
      }),
      { numRuns: 200 },
    );
  });
});

/** Every section but the edited one, as a program reads it. */
function meaning(document: Document, but: string): unknown {
  return document
    .sections()
    .filter(({ kind, name: other }) => kind !== "" && !(kind === "profile" && other === but))
    .map(({ kind, name: other }) => [kind, other, values(readSettings(document, kind, other))]);
}

function settingsBut(document: Document, section: string, but?: string): unknown {
  return values(readSettings(document, "profile", section)).filter(([other]) => other !== but);
}

function values(settings: ReturnType<typeof readSettings>): [string, string][] {
  return [...(settings ?? [])]
    .map(([other, { value: text }]): [string, string] => [other, text])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What an edit of a key took out that is not of the lines of that key. */
function changedOutside(
  before: Document,
  after: Document,
  section: string,
  edited: string,
): string {
  const entry = before
    .find("profile", section)
    .flatMap((found) => readBody(before.text, bodyOf(found)).entries)
    .findLast((found) => found.key === edited);
  const head = before.text.slice(0, entry?.start ?? 0);
  const tail = before.text.slice(entry?.end ?? before.text.length);
  if (entry !== undefined)
    return after.text.startsWith(head) && after.text.endsWith(tail) ? "" : after.text;
  return diffEdits(before.text, after.text)
    .flatMap(({ removed, added }) =>
      removed.filter((line) => !added.some((other) => other.trim() === line.trim())),
    )
    .join("");
}
