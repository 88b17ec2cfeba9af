/** `awsrole doctor --online`: what only AWS and the store can tell, and that nobody is contacted without it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openItemIndex } from "../../src/state/item-index.ts";
import { createRoleHome } from "../support/role-home.ts";
import type { Home } from "../support/run-awsrole.ts";
import { runInProcess } from "../support/run-in-process.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

type Report = { findings: { id: string; profile?: string; what: string }[] };

describe("doctor --online", () => {
  let sts: AwsDouble;
  let home: Home;
  beforeEach(async () => {
    sts = await startAwsDouble();
    home = createRoleHome(sts);
    home = {
      ...home,
      env: { ...home.env, AWS_ENDPOINT_URL_IAM: sts.url, AWSROLE_STORE: "plaintext" },
    };
  });
  afterEach(async () => {
    await home.remove();
    await sts.close();
  });
  const found = async (...words: string[]): Promise<Report["findings"]> => {
    const { stdout } = await runInProcess(["doctor", ...words, "--json"], home.env);
    const { findings } = JSON.parse(stdout) as Report;
    // Bob's key is in plain text all the time, in a file that Java v1 reads instead of the config.
    return findings.filter(({ id }) => id !== "plaintext-key" && id !== "java-v1-file");
  };

  it("finds nothing where all is well, and contacts nobody without the word", async () => {
    expect(await found("--online")).toEqual([]);
    const before = sts.requests.length;
    expect(before).toBeGreaterThan(0);
    expect(await found()).toEqual([]);
    expect(sts.requests.length).toBe(before);
  });

  it("says that AWS is not reached, and asks nothing more", async () => {
    await sts.close();
    expect(await found("--online")).toMatchObject([{ id: "aws-unreachable" }]);
  });

  it("goes the way that a profile's calls go: the proxy, and the address of its region and kind", async () => {
    const env = {
      ...home.env,
      AWS_ENDPOINT_URL_STS: undefined,
      AWS_USE_FIPS_ENDPOINT: "true",
      HTTPS_PROXY: "http://127.0.0.1:9",
    };
    home = {
      ...home,
      env: { ...env, AWS_REGION: "us-gov-west-1", AWS_DEFAULT_REGION: "us-gov-west-1" },
    };
    expect(await found("--online")).toMatchObject([
      {
        id: "aws-unreachable",
        what: expect.stringMatching(
          /^https:\/\/sts\.us-gov-west-1\.amazonaws\.com\/: .*127\.0\.0\.1:9/,
        ) as string,
      },
    ]);
    home = { ...home, env: { ...env, AWS_REGION: "us-east-2", AWS_DEFAULT_REGION: "us-east-2" } };
    expect((await found("--online"))[0]?.what).toMatch(
      /^https:\/\/sts-fips\.us-east-2\.amazonaws\.com\//,
    );
  });

  it("says how far the clock is off", async () => {
    sts.clock.setOffset(-600_000);
    const clock = (await found("--online")).find(({ id }) => id === "clock-wrong");
    expect(clock?.what).toMatch(/^this machine's clock is (?:59\d|60\d) s ahead of AWS's$/);
  });

  it("says that a key is old", async () => {
    const key = sts.iam.keysById.get(sts.bob.accessKeyId);
    if (key === undefined) throw new Error("Bob has no key");
    key.createdAt = new Date(Date.now() - 100 * 24 * 3600 * 1000);
    expect(await found("--online")).toMatchObject([
      { id: "key-old", profile: "bob", what: expect.stringContaining("100 days old") as string },
    ]);
  });

  it("says that a key's age cannot be asked for", async () => {
    sts.setKeyStatus(sts.bob.accessKeyId, "Inactive");
    expect(await found("--online")).toMatchObject([{ id: "key-unchecked", profile: "bob" }]);
  });

  it("says which rows have lost their item", async () => {
    await openItemIndex(`${home.path}/state/awsrole`).put({
      account: "session/v1/prod/0",
      kind: "role",
      store: "plaintext",
      profile: "prod",
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    expect(await found("--online")).toMatchObject([{ id: "item-missing", profile: "prod" }]);
    expect(await found()).toEqual([]);
  });
});
