import { describe, expect, it } from "vitest";
import { readSamlResponse } from "../../../src/credentials/saml-response.ts";
import { createSamlResponse, encodeSaml } from "../../support/aws-double/saml.ts";

const roleArn = "arn:aws:iam::123456789012:role/Admin";
const principalArn = "arn:aws:iam::123456789012:saml-provider/okta";
const pair = { roleArn, principalArn };
const issuedAt = new Date("2026-11-24T00:00:00Z");
const rolesOf = (...roles: string[]) =>
  readSamlResponse(createSamlResponse({ roles, issuedAt }))?.roles;
const attribute = (open: string, values: string) =>
  readSamlResponse(encodeSaml(`<Assertion><Attribute ${open}>${values}</Attribute></Assertion>`))
    ?.roles;
const name = `Name="https://aws.amazon.com/SAML/Attributes/Role"`;

describe("the roles of a SAML response", () => {
  it("role and provider in either order, with spaces", () => {
    expect(rolesOf(`${roleArn},${principalArn}`)).toEqual([pair]);
    expect(rolesOf(`${principalArn},${roleArn}`)).toEqual([pair]);
    expect(rolesOf(`\n  ${principalArn} , ${roleArn}\n`)).toEqual([pair]);
  });

  it("several, of several accounts and partitions, each with its own provider", () => {
    const china = {
      roleArn: "arn:aws-cn:iam::111111111111:role/path/to/Reader",
      principalArn: "arn:aws-cn:iam::111111111111:saml-provider/ad.example",
    };
    expect(rolesOf(`${roleArn},${principalArn}`, `${china.principalArn},${china.roleArn}`)).toEqual(
      [pair, china],
    );
  });

  it("whatever the namespace's prefix, the quotes, and other attributes are", () => {
    const value = `<AttributeValue xsi:type="xs:string">${roleArn},${principalArn}</AttributeValue>`;
    expect(attribute(name, value)).toEqual([pair]);
    expect(attribute(name.replaceAll('"', "'"), value)).toEqual([pair]);
    expect(attribute(`FriendlyName="a > b" ${name} NameFormat="x"`, value)).toEqual([pair]);
    expect(attribute(name, value.replaceAll("AttributeValue", "s:AttributeValue"))).toEqual([pair]);
    expect(attribute(name, value.replaceAll("/", "&#47;").replaceAll("<&#47;", "</"))).toEqual([
      pair,
    ]);
  });

  it("not those of a comment, of another attribute, or of what is no pair", () => {
    const value = `<AttributeValue>${roleArn},${principalArn}</AttributeValue>`;
    expect(attribute(name, `<!-- ${value} -->`)).toEqual([]);
    expect(attribute(`Name="https://example.com/Role"`, value)).toEqual([]);
    expect(attribute(`Data-Name="x"`, value)).toEqual([]);
    expect(rolesOf(roleArn, principalArn, "", "a,b", `${roleArn},${roleArn}`)).toEqual([]);
    expect(
      readSamlResponse(encodeSaml(`<Assertion><Attribute ${name}></Attribute>${value}</Assertion>`))
        ?.roles,
    ).toEqual([]);
  });
});

describe("what is no SAML response", () => {
  it.each([
    ["nothing", ""],
    ["a message", "Please log in: https://idp.example.com"],
    ["XML that is not base64", "<saml2p:Response></saml2p:Response>"],
    ["base64 of something else", Buffer.from("password: hunter2").toString("base64")],
    ["base64 of HTML", Buffer.from("<html><body>Sign in</body></html>").toString("base64")],
    ["base64 that was cut", createSamlResponse({ roles: [], issuedAt }).slice(0, -3)],
  ])("%s", (_what, output) => {
    expect(readSamlResponse(output)).toBeUndefined();
  });

  it("but line breaks in the base64, and blanks around it, are none of its", () => {
    const one = createSamlResponse({ roles: [`${roleArn},${principalArn}`], issuedAt });
    const wrapped = `\r\n${one.replaceAll(/.{76}/g, "$&\r\n")}\n\n`;
    expect(readSamlResponse(wrapped)).toEqual({
      assertion: one,
      roles: [pair],
      isEncrypted: false,
    });
  });
});

it("the refusal of an identity provider is its innermost status, and an encrypted assertion is seen", () => {
  const status = "urn:oasis:names:tc:SAML:2.0:status:";
  const refused = `<Status><StatusCode Value="${status}Responder"><StatusCode Value="${status}AuthnFailed"/></StatusCode></Status>`;
  expect(readSamlResponse(encodeSaml(refused))).toMatchObject({
    roles: [],
    refusal: "AuthnFailed",
  });
  expect(
    readSamlResponse(encodeSaml("<saml:EncryptedAssertion>x</saml:EncryptedAssertion>")),
  ).toMatchObject({ roles: [], isEncrypted: true });
});

it("reads the largest hostile response in no time", () => {
  for (const piece of ["<a ", '<a "', "<!--", "<Attribute Name='", "&#", "<"]) {
    const started = performance.now();
    readSamlResponse(encodeSaml(piece.repeat(75_000 / piece.length)));
    expect(performance.now() - started).toBeLessThan(1000);
  }
});
