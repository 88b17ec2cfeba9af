import { describe, expect, it } from "vitest";
import {
  deviceOfChain,
  profilesOf,
  resolveChain,
  type RoleHop,
  withUserSession,
} from "../../../../src/credentials/chain.ts";
import { planMfa } from "../../../../src/credentials/mfa/plan.ts";
import { awsFiles } from "../../../support/aws-files.ts";

const device = {
  serial: "arn:aws:iam::123456789012:mfa/Bob",
  process: undefined,
  prompt: "terminal",
  sessionSeconds: 43_200,
} as const;
const arn = "arn:aws:iam::123456789012:role/example-role";
const bob = "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n";
const mfa = `awsrole_mfa_serial = ${device.serial}\n`;
const roleOf = (name: string, more = "", source = "bob"): string =>
  `[profile ${name}]\nawsrole_role_arn = ${arn}\nawsrole_source_profile = ${source}\n${more}`;
const key = (more = ""): string =>
  `[profile key]\nawsrole_access_key_id = AKIAIOSFODNN7EXAMPLE\n${more}`;

describe("the decision table of MFA", () => {
  it.each([
    [undefined, 3600, "long-term", "none"],
    [undefined, 43_200, "temporary", "none"],
    [device, undefined, "long-term", "shared-session"],
    [device, 900, "long-term", "shared-session"],
    [device, 3600, "long-term", "shared-session"],
    [device, 3601, "long-term", "own-code"],
    [device, 43_200, "long-term", "own-code"],
    [device, 900, "unknown", "shared-session"],
    [device, 7200, "unknown", "own-code"],
    [device, 900, "temporary", "impossible"],
    [device, 7200, "temporary", "impossible"],
  ] as const)("device %j, %s s, signed by a %s key: %s", (mfa, durationSeconds, signer, kind) => {
    expect(planMfa({ device: mfa, durationSeconds, signer })).toMatchObject({ kind });
  });
});

describe("the chain of a role with a device", () => {
  const chainOf = (config: string, name = "prod", env = {}, credentials = bob): RoleHop =>
    resolveChain(awsFiles(config, credentials), name, env) as RoleHop;

  it("is signed by a session that all roles of up to an hour share, whatever their profile", () => {
    const config = `${roleOf("prod", mfa)}${roleOf("dev", `${mfa}awsrole_duration_seconds = 900\n`)}`;
    const [prod, dev] = [chainOf(config), chainOf(config, "dev")];
    expect(prod.signer).toMatchObject({ kind: "user-session", durationSeconds: 43_200 });
    expect(prod.signer).toMatchObject({ request: (dev.signer as RoleHop).request });
    expect(profilesOf(prod)).toEqual(["prod", "bob"]);
  });

  it("has another shared session for another device, key, length or endpoint", () => {
    const session = (config: string, credentials = bob): string =>
      (chainOf(config, "prod", {}, credentials).signer as RoleHop).request;
    const sessions = [
      session(roleOf("prod", mfa)),
      session(roleOf("prod", mfa.replace("Bob", "Eve"))),
      session(roleOf("prod", mfa), bob.replace("AKIAIOSFODNN7", "AKIAIOSFODNN8")),
      session(roleOf("prod", `${mfa}awsrole_mfa_session_seconds = 3600\n`)),
      session(roleOf("prod", `${mfa}awsrole_endpoint_url = https://sts.example.com\n`)),
    ];
    expect(new Set(sessions).size).toBe(sessions.length);
  });

  it("is signed by the key itself, with a code of its own, when the role lasts longer", () => {
    const chain = chainOf(roleOf("prod", `${mfa}awsrole_duration_seconds = 7200\n`));
    expect(chain).toMatchObject({
      mfaPlan: { kind: "own-code", device },
      signer: { kind: "base" },
    });
    expect(deviceOfChain(chain)).toEqual(device);
  });

  it("takes the device of its key profile, or its own instead", () => {
    const inherited = chainOf(`${roleOf("prod", "", "key")}${key(mfa)}`);
    expect(inherited).toMatchObject({ mfaPlan: { kind: "shared-session", device } });
    const own = chainOf(
      `${roleOf("prod", mfa, "key")}${key("awsrole_mfa_serial = GAHT12345678\n")}`,
    );
    expect(own).toMatchObject({ mfaPlan: { device } });
  });

  it.each([
    ["another role", `${roleOf("prod", mfa, "mid")}${roleOf("mid")}`, {}, bob],
    ["static keys of a session", roleOf("prod", mfa), {}, `${bob}aws_session_token = t\n`],
    [
      "a session in the environment",
      roleOf("prod", mfa).replace("source_profile = bob", "credential_source = Environment"),
      { AWS_SESSION_TOKEN: "t" },
      bob,
    ],
    [
      "a web identity",
      roleOf("prod", mfa).replace("source_profile = bob", "web_identity_token_file = /t"),
      {},
      bob,
    ],
  ])(
    "is refused where the source is %s: no session can present a device",
    (_, config, env, credentials) => {
      expect(() => chainOf(config, "prod", env, credentials)).toThrow(
        /^profile prod has an mfa_serial, but its source provides temporary credentials/,
      );
    },
  );
});

describe("a key profile", () => {
  it("is the key itself, or with a device a session of it", () => {
    expect(resolveChain(awsFiles(key()), "key", {})).toMatchObject({ kind: "base" });
    expect(resolveChain(awsFiles(key(mfa)), "key", {})).toMatchObject({
      kind: "user-session",
      mfa: device,
    });
  });

  it("is always a session for those who hand it on", () => {
    const files = awsFiles(key());
    const chain = withUserSession(files, resolveChain(files, "key", {}), {});
    expect(chain).toMatchObject({ kind: "user-session", mfa: undefined, durationSeconds: 43_200 });
  });
});
