/**
 * What SDKs do with a profile is measured (`npm run measure-clients`): here botocore and the JavaScript SDK are asked again, with some of the mixtures,
 * and every mixture is recognized in a config that is one.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { clientNames, outcomes } from "../../src/clients/client-names.ts";
import { measuredOutcome } from "../../src/clients/measured.ts";
import { measuredClients, measurements } from "../../src/clients/measurements.ts";
import { consumersOf } from "../../src/clients/sdk-behavior.ts";
import { rolesWithMore, singlesAndPairs } from "../oracle/ingredients.ts";
import { awsFiles } from "../support/aws-files.ts";
import { closedWorldSkipReason, intoClosedWorld } from "../support/closed-world/enter.ts";
import { missing, titled } from "../support/installed.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const mixtures = [...singlesAndPairs(), ...rolesWithMore()];
// awsrole reads no quoted header, and two spellings of one key are one key to it.
const recognizable = mixtures.filter(
  ({ title }) => !title.includes("quoted header") && !/key in config.*keys in capitals/.test(title),
);

describe("what programs do with a profile", () => {
  it("is looked up by what the profile is made of", () => {
    const found = recognizable.map(
      ({ config, credentials }) => consumersOf(awsFiles(config, credentials), "p").mixture,
    );
    expect(found).toEqual(recognizable.map(({ title }) => title));
  });

  it("was measured with every mixture and client, and says so where it was not", () => {
    const unmeasured = mixtures.flatMap(({ title }) =>
      [...measuredClients.keys()].flatMap((client) =>
        client === "php" || measuredOutcome(title, client) !== undefined
          ? []
          : [`${client}: ${title}`],
      ),
    );
    expect(unmeasured).toEqual([]);
    const { does, mixture, says } = consumersOf(
      awsFiles("[profile p]\nsso_session = corp\n[sso-session corp]\nsso_region = eu-west-1\n"),
      "p",
    );
    expect(mixture).toBeUndefined();
    expect(says).toBe("no program was measured with a profile like this");
    expect(new Set(Object.values(does))).toEqual(new Set(["not-measured"]));
  });

  it("has a word for every outcome and a name for every client", () => {
    expect(Object.keys(clientNames)).toEqual(expect.arrayContaining([...measuredClients.keys()]));
    const words = Object.values(measurements).flatMap((line) => line.split(" "));
    expect(Object.keys(outcomes)).toEqual(expect.arrayContaining([...new Set(words)]));
  });
});

const reason =
  closedWorldSkipReason() ??
  (process.getuid?.() === 0 ? undefined : "files are put over others by root only") ??
  missing("python3", ["-c", "import botocore, awscrt"]) ??
  missing("keytool", ["-help"]);

describe.skipIf(reason !== undefined)(titled("the clients asked again", reason), () => {
  it.each(["botocore", "js"] as const)("give the measured answers: %s", (client) => {
    const folder = mkdtempSync(join(tmpdir(), "awsrole-clients-"));
    try {
      const [hosts, authorities] = [join(folder, "hosts"), join(folder, "authorities")];
      const names = ["us-east-1", "eu-west-1", "eu-central-1"].flatMap((region) =>
        ["sts", "portal.sso", "oidc"].map((service) => `${service}.${region}.amazonaws.com`),
      );
      writeFileSync(hosts, `127.0.0.1 localhost sts.amazonaws.com ${names.join(" ")}\n`);
      writeFileSync(authorities, "");
      const [program = "", ...words] = intoClosedWorld({ "/etc/hosts": hosts });
      const asking = ["scripts/run.js", "scripts/measure-clients/ask.ts", folder, authorities];
      const { status, stderr } = spawnSync(
        program,
        [...words, process.execPath, ...asking, client],
        {
          cwd: root,
          encoding: "utf8",
          env: { ...process.env, ASKED_SHARE: client === "js" ? "16" : "4" },
        },
      );
      expect(stderr).toBe("");
      expect(status).toBe(0);
      const { answers, version } = JSON.parse(
        readFileSync(join(folder, "answers", `${client}.json`), "utf8"),
      ) as {
        answers: Record<string, string>;
        version: string;
      };
      const measured = Object.fromEntries(
        Object.keys(answers).map((mixture) => [mixture, measuredOutcome(mixture, client)]),
      );
      expect(Object.keys(answers).length).toBeGreaterThan(10);
      expect({ version, answers }).toEqual({
        version: measuredClients.get(client)?.version,
        answers: measured,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
