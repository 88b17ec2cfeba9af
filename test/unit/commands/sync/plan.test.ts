import { describe, expect, it } from "vitest";
import type { Listing } from "../../../../src/commands/sync/listing.ts";
import { planSync, type SyncOptions, type Wanted } from "../../../../src/commands/sync/plan.ts";
import { type Document, parseDocument } from "../../../../src/config/document.ts";

const empty = parseDocument("", { file: "config", kind: "config" });
const listing = { session: "corp", failed: [], covers: () => true } as unknown as Listing;
const options: SyncOptions = {
  template: "{account-name}",
  native: false,
  rename: true,
  prune: true,
  knowsChains: true,
  regionOf: () => "eu-west-1",
  lineFor: (profile) => `/usr/bin/awsrole credential-process --profile ${profile}`,
};
const wanted = (at: number, accountName: string): Wanted => ({
  session: "corp",
  accountId: String(100_000_000_000 + at),
  accountName,
  email: undefined,
  role: "Admin",
});
const sync = (config: Document, access: readonly Wanted[]) =>
  planSync(config, access, [listing], options);
const deploy = (one: Wanted): Wanted => ({
  ...one,
  assume: { roleArn: `arn:aws:iam::${one.accountId}:role/deploy-${one.accountName}` },
});

describe("the plan of a sync", () => {
  it("lets two profiles swap their names, and leads what is chained to them to the new ones", () => {
    const before = [wanted(0, "a"), wanted(1, "b")];
    const template = "{account-name}-{role}";
    const plan = (config: Document, access: readonly Wanted[]) =>
      planSync(config, access, [listing], { ...options, template });
    const first = plan(empty, [...before, deploy(wanted(0, "a"))]).document;
    const mine = `${first.text}\n[profile mine]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = b-admin\n`;
    const swapped = plan(parseDocument(mine, first), [
      wanted(0, "b"),
      wanted(1, "a"),
      { ...wanted(0, "b"), assume: deploy(wanted(0, "a")).assume! },
    ]);
    expect(swapped.renamed).toEqual(
      expect.arrayContaining([
        { from: "a-admin", to: "b-admin" },
        { from: "b-admin", to: "a-admin" },
      ]),
    );
    const { text } = swapped.document;
    expect(/\[profile b-admin\][^[]*/.exec(text)?.[0]).toContain("sso_account_id = 100000000000");
    expect(/\[profile a-admin\][^[]*/.exec(text)?.[0]).toContain("sso_account_id = 100000000001");
    expect(text).toContain("awsrole_source_profile = b-admin");
    expect(/\[profile mine\][^[]*/.exec(text)?.[0]).toContain("source_profile = a-admin");
    expect(text).toContain("--profile b-admin\n");
  });

  it("removes those that are gone as if they had never been there", () => {
    const access = Array.from({ length: 20 }, (_, at) => wanted(at, `team-${at}`));
    const plan = sync(sync(empty, access).document, access.slice(10));
    expect(plan.removed).toHaveLength(10);
    expect(plan.document.text).toBe(sync(empty, access.slice(10)).document.text);
  });

  // It took minutes when every new name had a document of its own.
  it(
    "of hundreds of profiles with new names and role chains is made in one pass",
    { timeout: 60_000 },
    () => {
      const named = (prefix: string) => {
        const own = Array.from({ length: 300 }, (_, at) => wanted(at, `${prefix}-${at}`));
        return [
          ...own,
          ...own.map((one) => ({
            ...one,
            assume: { roleArn: `arn:aws:iam::${one.accountId}:role/deploy` },
          })),
        ];
      };
      const template = "{account-name}-{role}";
      const plan = (config: Document, access: readonly Wanted[]) =>
        planSync(config, access, [listing], { ...options, template });
      const renamed = plan(plan(empty, named("old")).document, named("new"));
      expect(renamed.renamed).toHaveLength(600);
      expect(renamed.document.text).not.toContain("old-");
    },
  );
});
