/**
 * What `sync` leaves of a file: every line that a person wrote, before the first sync and between two of them, outside the profiles that it
 * removes.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planSync, type SyncOptions, type Wanted } from "../../src/commands/sync/plan.ts";
import { defaultTemplate } from "../../src/profiles/name-template.ts";
import type { Document } from "../../src/config/document.ts";
import { diffEdits, reverseEdits, applyEdits } from "../../src/config/line-edits.ts";
import { documentOf, validFile } from "../support/config-files.ts";

fc.configureGlobal({ numRuns: process.env["AWSROLE_TEST_LONG"] === undefined ? 60 : 10_000 });

const options: SyncOptions = {
  template: defaultTemplate,
  native: false,
  rename: false,
  prune: true,
  knowsChains: false,
  regionOf: () => "eu-west-1",
  lineFor: (profile) => `awsrole credential-process --profile ${profile}`,
};

/** Accounts by id: a name each, and some roles. */
const accounts = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 30 }),
      name: fc.constantFrom("Acme Prod", "Acme (EU)", "dev", "Größe 😂", "[x]", "a#b", "-", ""),
      roles: fc.uniqueArray(fc.constantFrom("Admin", "Read_Only", "x+y@z"), { minLength: 1 }),
    }),
    { selector: ({ id }) => id, maxLength: 6 },
  )
  .map((list) =>
    list.flatMap(({ id, name, roles }) =>
      roles.map((role): Wanted => ({
        session: "corp",
        accountId: String(100_000_000_000 + id),
        // The id makes names unique: that two of one name are refused is another test's.
        accountName: name === "" ? undefined : `${name} ${id}`,
        email: undefined,
        role,
      })),
    ),
  );

const file = validFile.map((text) =>
  Object.assign(documentOf(text), { [fc.toStringMethod]: () => JSON.stringify(text) }),
);

/** What a person does between two syncs: a line of their own at some place in the file. */
const handEdit = fc.record({
  at: fc.nat(),
  line: fc.constantFrom(
    "# mine",
    "; mine",
    "output = json",
    "",
    "s3 =\n  max_concurrent_requests = 9",
  ),
});

const listed = { session: "corp", access: [], failed: [], covers: () => true };

function sync(document: Document, wanted: readonly Wanted[], more: Partial<SyncOptions> = {}) {
  return planSync(document, wanted, [listed], { ...options, ...more });
}

function withLine(document: Document, { at, line }: { at: number; line: string }): Document {
  const lines = document.text.split("\n");
  // Behind a header or a setting of a section that sync wrote, never inside a nested block of someone else's.
  const places = lines.flatMap((text, index) =>
    text.startsWith("awsrole_") || text.startsWith("[profile ") ? [index] : [],
  );
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return document;
  return documentOf(
    Buffer.from(lines.toSpliced(place + 1, 0, line).join("\n"), "latin1").toString(),
  );
}

describe("sync", () => {
  test("adds behind what is there, and does nothing the second time", () => {
    fc.assert(
      fc.property(file, accounts, (before, wanted) => {
        const { document, added } = sync(before, wanted);
        expect(document.text.startsWith(before.text)).toBe(true);
        expect(added).toHaveLength(wanted.length);
        // What the oldest parsers of AWS's common runtime know.
        for (const name of added) expect(name).toMatch(/^[a-z0-9_-]+$/);
        const again = sync(document, wanted);
        expect(again.document.text).toBe(document.text);
        expect({ ...again, document: undefined }).toMatchObject({
          added: [],
          updated: [],
          renamed: [],
          removed: [],
          stale: [],
        });
      }),
    );
  });

  test("takes with --prune what it wrote, and nothing else", () => {
    fc.assert(
      fc.property(file, accounts, (before, wanted) => {
        const pruned = sync(sync(before, wanted).document, []).document.text;
        expect(pruned.trimEnd()).toBe(before.text.trimEnd());
      }),
    );
  });

  test("keeps what a person wrote into its profiles, whatever is added, renamed, updated and removed", () => {
    fc.assert(
      fc.property(
        file,
        accounts,
        accounts,
        fc.array(handEdit, { maxLength: 4 }),
        fc.boolean(),
        (before, first, second, edits, rename) => {
          const edited = edits.reduce(withLine, sync(before, first).document);
          const { document, removed } = sync(edited, second, { rename });
          // Sections that were removed, and the keys that are sync's own, are its business.
          const kept = edited
            .sections()
            .filter(({ kind, name }) => kind !== "profile" || !removed.includes(name))
            .flatMap(({ start, end }) => edited.text.slice(start, end).split(/\r?\n/))
            .filter((line) => !/^(?:awsrole_|credential_process|\[|$)/.test(line.trim()));
          const left = document.text.split(/\r?\n/);
          for (const line of kept) {
            const index = left.indexOf(line);
            expect({ line, isThere: index >= 0 }).toEqual({ line, isThere: true });
            left.splice(index, 1);
          }
          const undo = reverseEdits(diffEdits(edited.text, document.text));
          expect(applyEdits(document.text, undo)).toBe(edited.text);
        },
      ),
    );
  });
});
