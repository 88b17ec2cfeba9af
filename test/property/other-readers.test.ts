/** What others read in files that awsrole wrote: botocore, the AWS CLI's own `configure`, and the JavaScript SDK's loader. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type Document, parseDocument, readSettings } from "../../src/config/document.ts";
import { addSection, deleteSection, setKey } from "../../src/config/edit.ts";
import { assertWritableValue } from "../../src/config/names.ts";
import { documentOf, hasBothDefaults, names, validFile } from "../support/config-files.ts";
import { missing, titled } from "../support/installed.ts";

const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const script = fileURLToPath(new URL("../support/read-aws-files.py", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "awsrole-readers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const added = { kind: "profile", name: "added.by/awsrole@1" } as const;
const settings = fc
  .record({
    program: fc.constantFrom("/usr/bin/awsrole", '"/opt/my tools/awsrole"'),
    session: fc.stringMatching(/^[A-Za-z0-9=,.@-]{2,20}$/),
    tags: fc.stringMatching(
      /^([a-z]{1,5}=[A-Za-zü0-9:@/+.]{1,5})(,[A-Z]{1,5}=[a-z :]{0,3}[a-z]){0,3}$/,
    ),
    region: fc.constantFrom("eu-west-1", "us-gov-east-1"),
    // Whatever may be written at all.
    free: fc
      .oneof(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.stringMatching(/^[ -~]{1,12}$/),
        fc.stringMatching(/^[=:%"'`\\$[\] a]{1,8}$/),
      )
      .filter((value) => isWritable(value)),
  })
  .map(({ program, session, tags, region, free }): [string, string][] => [
    ["credential_process", `${program} credential-process --profile ${added.name}`],
    ["region", region],
    ["awsrole_role_arn", "arn:aws:iam::123456789012:role/path/example-role"],
    ["awsrole_role_session_name", session],
    ["awsrole_tags", tags],
    ["awsrole_mfa_process", free],
  ]);

function isWritable(value: string): boolean {
  try {
    assertWritableValue("key", value);
    return true;
  } catch {
    return false;
  }
}

/** A file as a person left it, and as three edits leave it. */
type Case = {
  readonly before: Document;
  readonly settings: readonly [string, string][];
  readonly name: string;
  readonly afterAdd: Document;
  readonly afterSet: Document | undefined;
  readonly afterDelete: Document;
};

const cases = fc
  .sample(fc.tuple(validFile, settings, fc.constantFrom(...names)), {
    numRuns: isLong ? 3000 : 80,
    seed: isLong ? Date.now() : 4,
  })
  .map(([text, keys, name]): Case => {
    const before = documentOf(text);
    const afterAdd = addSection(before, added, keys);
    const isThere = before.find("profile", name).length > 0;
    return {
      before,
      settings: keys,
      name,
      afterAdd,
      afterSet: isThere
        ? setKey(before, { kind: "profile", name }, "region", "changed-1")
        : undefined,
      afterDelete: isThere ? deleteSection(afterAdd, { kind: "profile", name }) : afterAdd,
    };
  });

let written = 0;
/** Each text has a name of its own: the JavaScript loader remembers files by it. */
function write(document: Document): string {
  const file = join(folder, String((written += 1)));
  writeFileSync(file, Buffer.from(document.text, "latin1"));
  return file;
}

type Profiles = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What must hold of a reader's profiles before and after each edit. */
function expectSame(
  one: Case,
  [before, afterAdd, afterSet, afterDelete]: readonly (Profiles | undefined)[],
): void {
  const { settings: keys, name } = one;
  const own = Object.fromEntries(keys);
  expect(afterAdd).toEqual({ ...before, [added.name]: own });
  // `[ profile\tNAME ]` is no profile for everybody, and of two defaults some take the first and some the last.
  if (before?.[name] === undefined || hasBothDefaults(one.before)) return;
  if (afterSet !== undefined)
    expect(afterSet).toEqual({ ...before, [name]: { ...before?.[name], region: "changed-1" } });
  const { [name]: _deleted, ...others } = afterAdd ?? {};
  expect(afterDelete).toEqual(others);
}

type Answer = {
  readonly error?: string;
  readonly profiles?: Profiles;
  readonly names?: string[];
  readonly got?: [number, string][];
};

function askPython(jobs: readonly object[]): Answer[] {
  const { stdout, stderr, status } = spawnSync("python3", [script], {
    input: jobs.map((job) => JSON.stringify(job)).join("\n"),
    env: { PATH: process.env["PATH"], HOME: folder, PYTHONDONTWRITEBYTECODE: "1" },
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  expect(status, stderr).toBe(0);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
}

const noPython = missing("python3", ["-c", "import botocore, awscli.clidriver"])?.replace(
  "python3",
  "the AWS CLI (pip's)",
);

describe("what awsrole writes is read back the same", () => {
  it.skipIf(noPython !== undefined)(
    titled("by botocore, in every file that it reads at all", noPython),
    () => {
      const files = cases.map((one) =>
        [one.before, one.afterAdd, one.afterSet ?? one.before, one.afterDelete].map((document) => ({
          file: write(document),
        })),
      );
      const answers = askPython(files.flat());
      let read = 0;
      for (const [index, one] of cases.entries()) {
        const own = answers.slice(index * 4, index * 4 + 4);
        if (own[0]?.error !== undefined) continue;
        read += 1;
        for (const answer of own) expect(answer.error).toBeUndefined();
        expect(own[1]?.names).toEqual([...(own[0]?.names ?? []), added.name]);
        const [before, add, set, del] = own.map(({ profiles }) => profiles);
        expectSame(one, [before, add, one.afterSet && set, del]);
      }
      // Botocore refuses sections and keys that stand twice.
      expect(read).toBeGreaterThan(cases.length / 5);
    },
  );

  it("by the JavaScript SDK's loader", async () => {
    const sdk = createRequire(import.meta.url).resolve("@aws-sdk/credential-providers");
    const { loadSharedConfigFiles } = createRequire(sdk)("@smithy/core/config") as {
      loadSharedConfigFiles: (files: object) => Promise<{ configFile: Profiles }>;
    };
    const read = async (document: Document): Promise<Profiles> => {
      const options = { configFilepath: write(document), filepath: "/nonexistent" };
      return (await loadSharedConfigFiles(options)).configFile;
    };
    let deleted = 0;
    for (const one of cases) {
      // It takes a header that it does not know for a part of the section above, and mixes up sections that stand twice.
      const sections = one.before.sections();
      const isPlain = sections
        .filter((_, index) =>
          [sections[index], sections[index - 1]].some((near) => near?.name === one.name),
        )
        .every(({ start, bodyStart }) =>
          /^\[[a-z-]+ [\w./]+\]\r?\n?$/.test(one.before.text.slice(start, bodyStart)),
        );
      const isOnce = one.before.find("profile", one.name).length === 1;
      const profiles = await Promise.all([one.before, one.afterAdd, one.afterDelete].map(read));
      const [before, add, del] = profiles;
      expect(add?.[added.name]).toEqual(Object.fromEntries(one.settings));
      const { [added.name]: _added, ...others } = add ?? {};
      expect(others).toEqual(before);
      if (!isOnce || !isPlain) continue;
      deleted += 1;
      const { [one.name]: _deleted, ...rest } = add ?? {};
      const { [one.name]: _gone, ...left } = del ?? {};
      expect(left).toEqual(rest);
    }
    expect(deleted).toBeGreaterThan(cases.length / 100);
  });

  it.skipIf(noPython !== undefined)(
    titled(
      "by aws configure get, and what aws configure set wrote is read and edited by awsrole",
      noPython,
    ),
    () => {
      const chosen = cases.filter((_, index) => index % (isLong ? 10 : 12) === 0);
      const profile = ["--profile", added.name];
      const jobs = chosen.map((one) => ({
        file: write(one.afterAdd),
        get: one.settings.map(([key]) => [key, ...profile]),
        set: [
          ["region", "us-east-2", ...profile],
          ["output", "json", ...profile],
        ],
      }));
      let read = 0;
      for (const [index, answer] of askPython(jobs).entries()) {
        const one = chosen[index];
        if (answer.error !== undefined || one === undefined) continue;
        read += 1;
        expect(answer.got?.slice(0, one.settings.length)).toEqual(
          one.settings.map(([, value]) => [0, value]),
        );
        expect(answer.got?.slice(one.settings.length)).toEqual([
          [0, ""],
          [0, ""],
        ]);
        const text = readFileSync(jobs[index]?.file ?? "", "latin1");
        const changed = parseDocument(text, { file: "config", kind: "config" });
        const own = readSettings(changed, "profile", added.name);
        expect([own?.get("region")?.value, own?.get("output")?.value]).toEqual([
          "us-east-2",
          "json",
        ]);
        // The CLI's own writer makes all line ends LF, and ends the file with one.
        const withLf = (lines: string): string => `${lines.replaceAll("\r\n", "\n")}\n`;
        expect(withLf(deleteSection(changed, added).text).trimEnd()).toBe(
          withLf(one.before.text).trimEnd(),
        );
      }
      expect(read).toBeGreaterThan(1);
    },
  );
});
