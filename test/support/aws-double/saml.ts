/** SAML responses of an identity provider, and what AWS says to them. */
import { createHash } from "node:crypto";
import { refusal } from "./answers.ts";

/** What an assertion says. */
export type SamlClaims = {
  readonly issuer: string;
  readonly subject: string;
  /** RoleSessionName. */
  readonly sessionName?: string | undefined;
  /** The values of the attribute Role, as they are in the XML. */
  readonly roles: readonly string[];
  readonly issuedAt: Date;
};

/** AWS's own limit: "Token must be redeemed within 5 minutes of issuance". */
const redeemWithinMs = 5 * 60_000;

const attributes = "https://aws.amazon.com/SAML/Attributes";

/** The base64 of a response, in the form in which ADFS and Okta send it. Its signature is the text's hash: enough to see that it came whole. */
export function createSamlResponse({
  issuer = "https://idp.example.com/saml",
  subject = "jane",
  sessionName = "jane@example.com",
  roles,
  issuedAt,
}: Partial<SamlClaims> & Pick<SamlClaims, "roles" | "issuedAt">): string {
  const attribute = (name: string, values: readonly string[]): string =>
    `<saml2:Attribute Name="${attributes}/${name}">${values.map((value) => `<saml2:AttributeValue>${value}</saml2:AttributeValue>`).join("")}</saml2:Attribute>`;
  const body = [
    `<saml2:Assertion ID="_a1" IssueInstant="${issuedAt.toISOString()}">`,
    `<saml2:Issuer>${issuer}</saml2:Issuer>`,
    `<saml2:Subject><saml2:NameID>${subject}</saml2:NameID></saml2:Subject>`,
    `<saml2:AttributeStatement>`,
    attribute("Role", roles),
    sessionName === "" ? "" : attribute("RoleSessionName", [sessionName]),
    attribute("SessionDuration", ["3600"]),
    `</saml2:AttributeStatement></saml2:Assertion>`,
  ].join("\n");
  return encodeSaml(
    `<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>${body}<ds:SignatureValue>${signatureOf(body)}</ds:SignatureValue>`,
  );
}

/** The base64 of a response with this inside. */
export function encodeSaml(inside: string): string {
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol">${inside}</saml2p:Response>`,
  ).toString("base64");
}

/** Reads an assertion; throws AWS's refusals of one that is none, was changed, or is over. */
export function readSamlAssertion(assertion: string, now: Date): SamlClaims {
  const xml = Buffer.from(assertion, "base64").toString();
  const one = (pattern: RegExp): string | undefined => pattern.exec(xml)?.[1];
  const body = one(/(<saml2:Assertion[^]*<\/saml2:Assertion>)/);
  if (!/^[A-Za-z0-9+/]+=*$/.test(assertion) || body === undefined)
    throw refusal(400, "InvalidIdentityToken", "Invalid base64 SAMLResponse");
  if (one(/<ds:SignatureValue>([^<]*)/) !== signatureOf(body))
    throw refusal(400, "InvalidIdentityToken", "Response signature invalid");
  const issuedAt = new Date(one(/IssueInstant="([^"]*)"/) ?? "");
  if (!(now.getTime() - issuedAt.getTime() <= redeemWithinMs))
    throw refusal(
      400,
      "ExpiredTokenException",
      "Token must be redeemed within 5 minutes of issuance",
    );
  const values = (name: string): string[] =>
    [
      ...(one(new RegExp(`Name="${attributes}/${name}">(.*?)</saml2:Attribute>`)) ?? "").matchAll(
        /<saml2:AttributeValue>([^<]*)/g,
      ),
    ].map((match) => (match[1] ?? "").trim());
  const [sessionName] = values("RoleSessionName");
  if (sessionName === undefined || !/^[\w+=,.@-]{2,64}$/.test(sessionName))
    throw refusal(
      400,
      "InvalidIdentityToken",
      "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
    );
  return {
    issuer: one(/<saml2:Issuer>([^<]*)/) ?? "",
    subject: one(/<saml2:NameID>([^<]*)/) ?? "",
    sessionName,
    roles: values("Role"),
    issuedAt,
  };
}

function signatureOf(body: string): string {
  return createHash("sha256").update(body).digest("base64");
}
