import { describe, expect, it } from "vitest";
import { groupByCause, withoutConsequences } from "../../../../src/commands/doctor/causes.ts";
import type { Finding } from "../../../../src/commands/doctor/finding.ts";
import {
  countCauses,
  printFindings,
  printHealthy,
} from "../../../../src/commands/doctor/report.ts";
import { processContext } from "../../../../src/context.ts";

const missing = (profile: string, line: number): Finding => ({
  id: "program-missing",
  profile,
  file: "/home/bob/.aws/config",
  line,
  what: "/nowhere/awsrole does not exist",
  fix: `write credential_process = /usr/bin/awsrole credential-process --profile ${profile}`,
  autoFix: { file: "x", mode: 0o600 },
});

function printed(print: (context: ReturnType<typeof processContext>) => void): string {
  let text = "";
  print({
    ...processContext(),
    env: { NO_COLOR: "1" },
    homeFolder: "/home/bob",
    isTerminal: { stdin: true, stdout: true, stderr: true },
    stdout: (more) => (text += more),
  });
  return text;
}

describe("one cause is one finding", () => {
  it("where it differs in the profile's name only, with all places", () => {
    const findings = [missing("bob", 3), missing("prod", 7), missing("dev", 11)];
    expect(groupByCause(findings)).toHaveLength(1);
    expect(countCauses(findings)).toEqual({ errors: 1, warnings: 0 });
    const text = printed((context) => printFindings(context, findings));
    expect(text).toContain("error: program-missing  profile bob, ~/.aws/config:3\n");
    expect(text).toContain("    also affects: prod (~/.aws/config:7), dev (~/.aws/config:11)\n");
    expect(text.match(/error:/g)).toHaveLength(1);
  });

  it("where a profile has it from its source, in the same words", () => {
    const source = (profile: string): Finding => ({
      id: "source-missing",
      profile,
      what: "profile dev has source profile bobb, which does not exist",
      fix: "did you mean bob? awsrole edit-profile dev --source-profile bob",
    });
    expect(groupByCause([source("dev"), source("dev2")])).toMatchObject([
      { first: { profile: "dev" }, others: [{ profile: "dev2" }] },
    ]);
  });

  it("but not where the value is another, nor where no profile is named", () => {
    const other = { ...missing("prod", 7), what: "/elsewhere/awsrole does not exist" };
    expect(groupByCause([missing("bob", 3), other])).toHaveLength(2);
    const file = (name: string): Finding => ({ id: "file-readable", what: name, fix: "chmod" });
    expect(groupByCause([file("a"), file("a")])).toHaveLength(2);
  });

  it("lists the first of very many, and where the rest is", () => {
    const many = Array.from({ length: 40 }, (_, index) => missing(`p${index}`, index));
    const text = printed((context) => printFindings(context, many));
    // Wrapped at words.
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "p5 (~/.aws/config:5) and 34 more (--json lists them) why",
    );
    for (const line of text.split("\n"))
      if (!line.startsWith("    fix:")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("is not said to be fixed by --fix where one of its places is not", () => {
    const { autoFix: _, ...byHand } = missing("prod", 7);
    const text = printed((context) => printFindings(context, [missing("bob", 3), byHand]));
    expect(text).not.toContain("applied by --fix");
  });

  it("hides what follows from a key that the credentials file has, and nothing else", () => {
    const shadowed: Finding = {
      id: "shadowed",
      profile: "prod",
      file: "/c",
      line: 2,
      what: "the credentials file has aws_access_key_id under the same name",
      fix: "remove [prod] from that file",
    };
    const refused = (what: string): Finding => ({
      id: "profile-invalid",
      profile: "prod",
      what,
      fix: "",
    });
    const same = refused("has both aws_access_key_id (/c:2) and awsrole_role_arn (/d:9)");
    const other = refused("role_arn (/d:9) is not valid");
    expect(withoutConsequences([shadowed, same, other])).toEqual([shadowed, other]);
    expect(withoutConsequences([same, other])).toEqual([same, other]);
  });
});

describe("what is fine", () => {
  const healthy = (findings: readonly Finding[], isOnline = false, profiles = 12): string =>
    printed((context) => printHealthy(context, findings, { profiles, isOnline }));

  it("is one sentence, wrapped at words, without the areas that have an error or a warning", () => {
    expect(healthy([missing("bob", 3)])).toBe(
      "✓ no problems in: AWS files, 12 profiles, environment, Node, cache and store,\n  sign-ins\n",
    );
  });

  it("has AWS only where it was asked, and profiles only where there are any", () => {
    expect(healthy([], true, 0)).toBe(
      "✓ no problems in: AWS files, environment, Node, cache and store, sign-ins, AWS\n",
    );
  });

  it("is not disturbed by a note", () => {
    const note: Finding = { id: "program-quoted", profile: "a", what: "", fix: "" };
    expect(healthy([note])).toContain("programs in profiles");
  });
});
