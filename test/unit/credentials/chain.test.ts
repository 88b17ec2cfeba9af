import { describe, expect, it } from "vitest";
import { profilesOf, resolveChain, type RoleHop } from "../../../src/credentials/chain.ts";
import { awsFiles } from "../../support/aws-files.ts";

const arn = "arn:aws:iam::123456789012:role/example-role";
const bob = "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n";
const prod = `[profile prod]\nawsrole_role_arn = ${arn}\nawsrole_source_profile = bob\nawsrole_role_session_name = me\n`;

const chainOf = (config: string, credentials = bob, env = {}): RoleHop =>
  resolveChain(awsFiles(config, credentials), "prod", env) as RoleHop;
const requestOf = (config: string, credentials = bob, env = {}): string =>
  chainOf(config, credentials, env).request;

describe("a chain", () => {
  it("leads from the profile to the identity", () => {
    expect(profilesOf(chainOf(prod))).toEqual(["prod", "bob"]);
  });
  it("may be long", () => {
    const hops = Array.from(
      { length: 20 },
      (_, i) =>
        `[profile r${i}]\nrole_arn = ${arn}\nsource_profile = ${i === 19 ? "bob" : `r${i + 1}`}\n`,
    ).join("");
    expect(profilesOf(chainOf(`${prod.replace("= bob", "= r0")}${hops}`))).toHaveLength(22);
  });
  it("that comes back to itself is refused with the path", () => {
    const circle = `${prod.replace("= bob", "= a")}[profile a]\nrole_arn = ${arn}\nsource_profile = b\n[profile b]\nrole_arn = ${arn}\nsource_profile = prod\n`;
    expect(() => chainOf(circle)).toThrow("circular source_profile: prod -> a -> b -> prod");
    expect(() => chainOf(prod.replace("= bob", "= prod"))).toThrow("prod -> prod");
  });
  it("takes a profile's own keys when it names itself as its source, as the AWS CLI does", () => {
    const own = `[profile prod]\nrole_arn = ${arn}\nsource_profile = prod\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n`;
    expect(chainOf(own).signer).toMatchObject({
      kind: "base",
      identity: ["static", "AKIAIOSFODNN7EXAMPLE"],
    });
  });
  it("does not lead from one partition into another", () => {
    const mid = (partition: string): string =>
      `${prod.replace("= bob", "= mid")}[profile mid]\nrole_arn = arn:${partition}:iam::123456789012:role/mid\nsource_profile = bob\n`;
    expect(() => chainOf(mid("aws-cn"))).toThrow(
      "profile prod has a role in the partition aws, but its source mid has one in aws-cn",
    );
    expect(profilesOf(chainOf(mid("aws")))).toEqual(["prod", "mid", "bob"]);
  });
  it("asks STS in the region of the profile asked for, where no hop has one of its own", () => {
    const mid = `${prod.replace("= bob", "= mid")}region = eu-west-1\n[profile mid]\nrole_arn = ${arn}\nsource_profile = bob\n`;
    const regionsOf = (config: string): string[] => {
      const outer = chainOf(config);
      return [outer, outer.signer as RoleHop].map(({ connection }) => connection.region);
    };
    expect(regionsOf(mid)).toEqual(["eu-west-1", "eu-west-1"]);
    expect(regionsOf(`${mid}region = us-west-2\n`)).toEqual(["eu-west-1", "us-west-2"]);
  });
  it("has its session named by a template, of awsrole's own key only, where the signer is left open", () => {
    const template = (name: string): string => prod.replace("= me", `= ${name}`);
    expect(chainOf(template("x-{profile}")).role.sessionName).toBe("x-prod");
    expect(JSON.parse(requestOf(template("{iam-user}@{profile}")))).toMatchObject({
      sessionName: "{iam-user}@prod",
      source: ["static", "AKIAIOSFODNN7EXAMPLE"],
    });
    for (const wrong of ["{nobody}", "{user", "a b{user}", "{{user}}"])
      expect(() => chainOf(template(wrong))).toThrow("is not valid");
    const plain = `[profile prod]\nrole_arn = ${arn}\nsource_profile = bob\nrole_session_name = {user}\n`;
    expect(() => chainOf(plain)).toThrow("role_session_name = {user} is not valid");
    const web = `[profile prod]\nawsrole_role_arn = ${arn}\nawsrole_web_identity_token_file = /t\nawsrole_role_session_name = {iam-user}\n`;
    expect(() => chainOf(web)).toThrow("a web identity token is no IAM user");
  });
  it("names the source that does not exist", () => {
    expect(() => chainOf(prod.replace("= bob", "= alice"))).toThrow(
      "profile prod has source profile alice, which does not exist",
    );
  });
});

describe("the request, which is the cache key", () => {
  const same = requestOf(prod);
  const changed: readonly (readonly [string, string])[] = [
    ["role", requestOf(prod.replace("example-role", "other"))],
    ["session name", requestOf(prod.replace("= me", "= you"))],
    ["duration", requestOf(`${prod}awsrole_duration_seconds = 900\n`)],
    ["external id", requestOf(`${prod}awsrole_external_id = xx\n`)],
    ["mfa serial", requestOf(`${prod}awsrole_mfa_serial = arn:aws:iam::123456789012:mfa/a\n`)],
    ["tags", requestOf(`${prod}awsrole_tags = a=1\n`)],
    ["transitive tags", requestOf(`${prod}awsrole_tags = a=1\nawsrole_transitive_tag_keys = a\n`)],
    [
      "policies",
      requestOf(`${prod}awsrole_policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess\n`),
    ],
    ["source identity", requestOf(`${prod}awsrole_source_identity = alice\n`)],
    ["source key", requestOf(prod, bob.replace("7EXAMPLE", "8EXAMPLE"))],
    [
      "explicit endpoint",
      requestOf(prod, bob, { AWS_ENDPOINT_URL_STS: "https://sts.example.com" }),
    ],
    ["FIPS", requestOf(prod, bob, { AWS_USE_FIPS_ENDPOINT: "true" })],
  ];
  it.each(changed)("changes with the %s", (_what, request) => {
    expect(request).not.toBe(same);
  });
  it("is different for every one of them", () => {
    expect(new Set(changed.map(([, request]) => request)).size).toBe(changed.length);
  });
  it("changes with anything in an inner hop", () => {
    const chain = (inner: string): string =>
      requestOf(
        `${prod.replace("= bob", "= mid")}[profile mid]\nrole_arn = ${arn}\nsource_profile = bob\n${inner}`,
      );
    expect(chain("external_id = xx\n")).not.toBe(chain(""));
  });
  it("changes with the container's URI that is asked, whatever else is set", () => {
    const container = prod.replace(
      "awsrole_source_profile = bob",
      "awsrole_credential_source = EcsContainer",
    );
    const of = (relative: string, full?: string): string =>
      requestOf(container, bob, {
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: full,
      });
    for (const full of [undefined, "", "http://127.0.0.1/credentials"])
      expect(of("/v2/one", full)).not.toBe(of("/v2/two", full));
    expect(of("", "http://127.0.0.1/a")).not.toBe(of("", "http://127.0.0.1/b"));
  });
  it("does not change with the region of the STS endpoint", () => {
    expect(requestOf(`${prod}region = eu-west-1\n`)).toBe(same);
    expect(requestOf(prod, bob, { AWS_REGION: "us-west-2" })).toBe(same);
  });
  it("holds no secret", () => {
    expect(same).not.toContain("secret");
  });
});
