/**
 * What a SAML 2.0 response says of roles. Nothing here is trusted: AWS checks the signature, the issuer and the time. It is read to learn which identity
 * provider in IAM goes with a role (`PrincipalArn`), and to say what is wrong before AWS says it in other words.
 *
 * AWS, IAM User Guide, "Configure SAML assertions for the authentication response": the attribute https://aws.amazon.com/SAML/Attributes/Role has
 * a value for each role, the ARNs of role and provider separated by a comma, in either order.
 */
import { rules } from "../config/role-values.ts";

export type SamlResponse = {
  /** As STS takes it: base64 without line breaks. */
  readonly assertion: string;
  readonly roles: readonly { readonly roleArn: string; readonly principalArn: string }[];
  /** The assertion is encrypted: its roles cannot be read. */
  readonly isEncrypted: boolean;
  /** The last part of the status code, where that is not Success: `Responder`, `AuthnFailed`. */
  readonly refusal?: string;
};

/** The response in a program's output; undefined where that is not the base64 of one. */
export function readSamlResponse(output: string): SamlResponse | undefined {
  const assertion = output.replaceAll(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]{4,}={0,2}$/.test(assertion) || assertion.length % 4 !== 0) return undefined;
  const elements = elementsOf(Buffer.from(assertion, "base64").toString("utf8"));
  if (!elements.some(({ name }) => name === "Response" || name === "Assertion")) return undefined;
  const statuses = elements
    .filter(({ name }) => name === "StatusCode")
    .map(({ attributes }) => attributeOf(attributes, "Value").split(":").at(-1) ?? "");
  const refusal = statuses[0] === "Success" ? undefined : statuses.at(-1);
  return {
    assertion,
    roles: roleValues(elements).flatMap((value) => readRole(value)),
    isEncrypted: elements.some(({ name }) => name === "EncryptedAssertion"),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

/** A tag, and the text behind it up to the next one. */
type Element = {
  /** Without its namespace's prefix; `/Name` for the end of one. */
  readonly name: string;
  readonly attributes: string;
  readonly text: string;
};

/** Every tag in its order. One pass: an element is what lies between two `<`, which XML allows nowhere else but in comments. */
function elementsOf(xml: string): readonly Element[] {
  const [before = "", ...comments] = xml.split("<!--");
  const bare = before + comments.map((part) => part.slice(endOf(part, "-->"))).join("");
  return bare
    .split("<")
    .slice(1)
    .flatMap((part): Element[] => {
      const [, slash = "", name, attributes = "", text = ""] =
        /^(\/?)(?:[\w.-]+:)?([\w.-]+)((?:[^>"']|"[^"]*"|'[^']*')*)>([^]*)$/.exec(part) ?? [];
      return name === undefined ? [] : [{ name: slash + name, attributes, text }];
    });
}

function endOf(text: string, mark: string): number {
  const at = text.indexOf(mark);
  return at === -1 ? text.length : at + mark.length;
}

/** The values of the attribute Role. */
function roleValues(elements: readonly Element[]): readonly string[] {
  let isInRole = false;
  return elements.flatMap(({ name, attributes, text }) => {
    if (name === "Attribute")
      isInRole = attributeOf(attributes, "Name") === "https://aws.amazon.com/SAML/Attributes/Role";
    if (name === "/Attribute") isInRole = false;
    return isInRole && name === "AttributeValue" ? [withoutEntities(text)] : [];
  });
}

function attributeOf(attributes: string, name: string): string {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes);
  return withoutEntities(found?.[1] ?? found?.[2] ?? "");
}

function withoutEntities(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|amp);/gi, (all, hex, decimal) => {
    if (all === "&amp;") return "&";
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : "";
  });
}

const provider = /^arn:aws[a-z-]*:iam::\d{12}:saml-provider\/[\w.-]{1,128}$/;

/** Values that AWS would not take name no role, and so are none. */
function readRole(value: string): SamlResponse["roles"] {
  const arns = value.split(",").map((arn) => arn.trim());
  const roleArn = arns.find((arn) => rules.roleArn.pattern.test(arn));
  const principalArn = arns.find((arn) => provider.test(arn));
  return roleArn === undefined || principalArn === undefined ? [] : [{ roleArn, principalArn }];
}
