/** MFA as the double's STS sees it: real codes, each good once, and roles that demand them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSts } from "../../../../src/aws/sts.ts";
import { createFailureCooldown } from "../../../../src/state/failure-cooldown.ts";
import { resolveChain } from "../../../../src/credentials/chain.ts";
import { createMfaCodes } from "../../../../src/credentials/mfa/code-queue.ts";
import { unavailable } from "../../../../src/foundation/prompter.ts";
import { createMfaMemory } from "../../../../src/credentials/mfa/used-codes.ts";
import { createSessionCache } from "../../../../src/credentials/cache/session-cache.ts";
import type { SessionDependencies } from "../../../../src/credentials/dependencies.ts";
import {
  getCredentials,
  type CredentialsResult,
} from "../../../../src/credentials/get-credentials.ts";
import { openItemIndex } from "../../../../src/state/item-index.ts";
import { awsFiles } from "../../../support/aws-files.ts";
import { createMemoryStore } from "../../../support/memory-store.ts";
import { startAwsDouble, type AwsDouble } from "../../../support/aws-double.ts";

const arn = "arn:aws:iam::123456789012:role/";
const mfa = "awsrole_mfa_serial = arn:aws:iam::123456789012:mfa/Bob";

describe("MFA", () => {
  let sts: AwsDouble;
  let folder: string;
  let store: ReturnType<typeof createMemoryStore>;
  /** How often a person was asked. */
  let asked: number;
  /** What is typed; the device's code unless a test says otherwise. */
  let typed: () => string | undefined;
  beforeEach(async () => {
    sts = await startAwsDouble();
    folder = mkdtempSync(join(tmpdir(), "awsrole-mfa-"));
    store = createMemoryStore();
    asked = 0;
    typed = () => sts.currentCode(sts.bob);
    for (const name of ["prod", "dev", "young", "long"])
      sts.addRole({ arn: arn + name, requireMfa: true });
    // The start of a step, so that no test runs into its end.
    sts.clock.setOffset(30_000 - (Date.now() % 30_000) + 1000);
  });
  afterEach(async () => {
    await sts.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const config = [
    `[profile prod]\nawsrole_role_arn = ${arn}prod\nawsrole_source_profile = bob\n${mfa}`,
    `[profile dev]\nawsrole_role_arn = ${arn}dev\nawsrole_source_profile = key`,
    `[profile young]\nrole_arn = ${arn}young\nsource_profile = bob\nmfa_serial = arn:aws:iam::123456789012:mfa/Bob`,
    `[profile long]\nawsrole_role_arn = ${arn}long\nawsrole_source_profile = bob\nawsrole_duration_seconds = 7200\n${mfa}`,
    `[profile key]\nawsrole_access_key_id = AKIAIOSFODNN7EXAMPLE\n${mfa}`,
    `[profile foreign]\nawsrole_role_arn = ${arn}prod\nawsrole_source_profile = tool\n${mfa}`,
    "[profile tool]\ncredential_process = tool",
    "",
  ].join("\n");

  function get(
    name: string,
    more: Partial<SessionDependencies> & { isAlone?: boolean; givenCode?: string } = {},
  ): Promise<CredentialsResult> {
    const { isAlone = false, givenCode, ...others } = more;
    const { bob, url } = sts;
    const uptimeSeconds = (): number => sts.clock.now().getTime() / 1000 - 1e9;
    const clock = { now: () => sts.clock.now(), uptimeSeconds };
    const deadline = { remainingMs: () => 55_000 };
    const files = awsFiles(
      config,
      `[bob]\naws_access_key_id = ${bob.accessKeyId}\naws_secret_access_key = ${bob.secretAccessKey}\n`,
    );
    const env = { AWS_ENDPOINT_URL_STS: url, AWS_REGION: "eu-west-1" };
    return getCredentials(
      resolveChain(files, name, env),
      { use: "deliver" },
      {
        cache: createSessionCache({
          openStore: async () => store,
          isStoreNamed: false,
          rows: openItemIndex(folder),
          clock,
          watchForLogout: () => () => false,
        }),
        failures: createFailureCooldown(folder, clock),
        clock,
        deadline,
        runtimeDir: undefined,
        forceRefresh: false,
        openSts: async (connection) => createSts(connection, deadline),
        sso: {
          fetch: () => Promise.reject(new Error("no SSO here")),
          requireSignIn: async () => {},
        },
        runSamlProcess: () => Promise.reject(new Error("no SAML here")),
        resolveBaseCredentials: async ({ source }) =>
          source.kind === "process"
            ? { accessKeyId: "ASIATOOL", secretAccessKey: "s", sessionToken: "t" }
            : { accessKeyId: bob.accessKeyId, secretAccessKey: bob.secretAccessKey },
        codes: createMfaCodes({
          profile: name,
          callingProgram: () => undefined,
          givenCode,
          findPrompter: () =>
            isAlone
              ? unavailable("there is no terminal")
              : {
                  kind: "prompter",
                  prompter: {
                    terminal: "tty",
                    notify: () => {},
                    ask: async () => {
                      asked += 1;
                      const text = typed();
                      return text === undefined ? { kind: "refused" } : { kind: "answer", text };
                    },
                  },
                },
          computeCode: () => Promise.reject(new Error("no seed is kept")),
          runProcess: async () => "",
          memory: createMfaMemory(folder, clock),
          now: clock.now,
          pause: async (milliseconds) => sts.clock.advance(milliseconds),
          deadline,
          runtimeDir: undefined,
        }),
        notice: () => {},
        ...others,
      },
    );
  }
  const granted = (action: string): number =>
    sts.callsOf(action).filter(({ status }) => status === 200).length;

  it("asks once for all roles of up to an hour, standard and managed", async () => {
    for (const name of ["prod", "young", "prod", "young"]) await get(name);
    expect(asked).toBe(1);
    expect([granted("GetSessionToken"), granted("AssumeRole")]).toEqual([1, 2]);
    expect(sts.callsOf("AssumeRole").every(({ params }) => params["TokenCode"] === undefined)).toBe(
      true,
    );
  });

  it("keeps one item for the shared session, which names device and key but no profile", async () => {
    await get("prod");
    const items = [...store.secrets.keys()].map((account) => account.split("/")[0]);
    expect(items.toSorted()).toEqual(["mfa", "session"]);
  });

  it("asks for a code of its own for a longer role, and grants it its length", async () => {
    await get("prod");
    const { remainingSeconds } = await get("long");
    expect(asked).toBeGreaterThan(1);
    expect(remainingSeconds).toBeGreaterThan(7000);
    expect(sts.callsOf("AssumeRole").at(-1)?.params).toMatchObject({
      SerialNumber: sts.bob.mfaSerial,
      DurationSeconds: "7200",
    });
    await get("long");
    expect(granted("AssumeRole")).toBe(2);
  });

  it("never shows AWS the same code twice", async () => {
    await get("long");
    await get("prod");
    const codes = sts.requests.flatMap(({ params }) => params["TokenCode"] ?? []);
    expect(codes).toHaveLength(2);
    expect(new Set(codes).size).toBe(2);
    expect(sts.requests.every(({ errorCode }) => errorCode === undefined)).toBe(true);
  });

  it("asks again after a wrong code", async () => {
    const entries = ["000000", undefined];
    typed = () => entries.shift() ?? sts.currentCode(sts.bob);
    await get("prod");
    expect(asked).toBe(2);
  });

  it("asks for a fresh code, once, where a role wants one younger than the shared session", async () => {
    await get("prod");
    sts.addRole({ arn: `${arn}young`, requireMfa: true, maxMfaAgeSeconds: 60 });
    sts.clock.advance(120_000);
    await get("young");
    expect(asked).toBe(2);
    sts.addRole({ arn: `${arn}dev`, trustedPrincipalArns: [] });
    sts.clock.advance(120_000);
    await expect(get("dev")).rejects.toMatchObject({ code: "ERR_AWS_DENIED" });
  });

  it("passes the denial on where nobody can give another code", async () => {
    await get("prod");
    sts.addRole({ arn: `${arn}young`, requireMfa: true, maxMfaAgeSeconds: 60 });
    sts.clock.advance(120_000);
    await expect(get("young", { isAlone: true })).rejects.toMatchObject({ code: "ERR_AWS_DENIED" });
  });

  it("needs nobody while the shared session lasts", async () => {
    await get("prod");
    await get("young", { isAlone: true });
    sts.clock.advance(3500 * 1000);
    expect((await get("prod", { isAlone: true })).how).toBe("fetched");
    expect(asked).toBe(1);
  });

  it("serves what it has until 330 s before its end rather than ask", async () => {
    await get("long");
    expect(asked).toBe(1);
    sts.clock.advance((7200 - 900) * 1000);
    expect((await get("long")).how).toBe("stale");
    expect(asked).toBe(1);
    sts.clock.advance(600 * 1000);
    expect((await get("long")).how).toBe("fetched");
    expect(asked).toBe(2);
  });

  it("serves the rest of the old session to callers without a terminal", async () => {
    await get("long");
    sts.clock.advance((7200 - 200) * 1000);
    expect((await get("long", { isAlone: true })).how).toBe("stale");
    sts.clock.advance(150 * 1000);
    await expect(get("long", { isAlone: true })).rejects.toMatchObject({ code: "ERR_MFA_NEEDED" });
  });

  it("says that a person is needed before it asks anything of AWS or of the source", async () => {
    const resolveBaseCredentials = async (): Promise<never> => {
      throw new Error("the source was asked");
    };
    await expect(get("prod", { isAlone: true, resolveBaseCredentials })).rejects.toMatchObject({
      code: "ERR_MFA_NEEDED",
    });
    expect(sts.requests).toHaveLength(0);
  });

  it("gives a key profile with a device a session, which its roles share", async () => {
    expect((await get("key")).credentials.sessionToken).toBeDefined();
    await get("dev");
    expect(asked).toBe(1);
  });

  it("refreshes the role by force, but the person's session only with a new code", async () => {
    await get("prod");
    await get("prod", { forceRefresh: true });
    expect([asked, granted("AssumeRole"), granted("GetSessionToken")]).toEqual([1, 2, 1]);
    sts.clock.advance(30_000);
    await get("prod", { forceRefresh: true, givenCode: sts.currentCode(sts.bob) });
    expect([asked, granted("AssumeRole"), granted("GetSessionToken")]).toEqual([1, 3, 2]);
  });

  it("refuses a foreign program's session as a source that could present the device", async () => {
    await expect(get("foreign")).rejects.toThrow(
      "profile foreign has an mfa_serial, but its source turned out to give temporary credentials",
    );
    expect(asked).toBe(0);
  });
});
