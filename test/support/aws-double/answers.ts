/**
 * Answers of the AWS query protocol: https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html.
 * What an action refuses it throws as a `Refusal`; only the server turns that into XML.
 */

/** An error that the client is to see: AWS's code, HTTP status and words. */
export type Refusal = Error & {
  readonly code: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  /** The body of services that answer in JSON. */
  readonly json: Record<string, unknown>;
};

/** The value of an XML element: absent, text, a structure, or a list (of `<member>`). */
export type XmlValue =
  | undefined
  | string
  | number
  | boolean
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** The structure an action answers with. */
export type XmlStructure = { readonly [name: string]: XmlValue };

/** A `Refusal` to throw. */
export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
  json: Record<string, unknown> = { message },
): Refusal {
  return Object.assign(new Error(message), { code, status, headers, json });
}

/** True for what `refusal` made. */
export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && "code" in error && "status" in error && "headers" in error;
}

/** A successful answer to `action`. Without a `result` the answer has its metadata only, as that of UpdateAccessKey. */
export function formatAnswer(
  namespace: string,
  action: string,
  result: XmlStructure | undefined,
  requestId: string,
): string {
  const children = {
    ...(result === undefined ? {} : { [`${action}Result`]: result }),
    ResponseMetadata: { RequestId: requestId },
  };
  return `<${action}Response xmlns="${namespace}">\n${formatChildren(children, "  ")}</${action}Response>\n`;
}

/** A refused request. */
export function formatRefusal(namespace: string, refused: Refusal, requestId: string): string {
  const type = refused.status >= 500 ? "Receiver" : "Sender";
  const children = {
    Error: { Type: type, Code: refused.code, Message: refused.message },
    RequestId: requestId,
  };
  return `<ErrorResponse xmlns="${namespace}">\n${formatChildren(children, "  ")}</ErrorResponse>\n`;
}

function formatChildren(children: XmlStructure, indent: string): string {
  return Object.entries(children)
    .map(([name, value]) => formatElement(name, value, indent))
    .join("");
}

function formatElement(name: string, value: XmlValue, indent: string): string {
  if (value === undefined) return "";
  if (typeof value !== "object")
    return `${indent}<${name}>${escapeText(String(value))}</${name}>\n`;
  const inner = isList(value)
    ? value.map((member) => formatElement("member", member, `${indent}  `)).join("")
    : formatChildren(value, `${indent}  `);
  return `${indent}<${name}>\n${inner}${indent}</${name}>\n`;
}

function isList(value: object): value is readonly XmlValue[] {
  return Array.isArray(value);
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
