/**
 * Addresses of access portals, in the forms that people have them: copied from the browser (`…/start#/`, `…/start/#/saml/…`), without `https://`, or
 * the directory's id alone. In a config there is no fragment: `#` begins a comment for some SDKs.
 */
import { AwsRoleError } from "../foundation/errors.ts";

const example = "it looks like https://d-1234567890.awsapps.com/start";

/** The address as it is written into a config. @throws ERR_PROFILE_INVALID for one that cannot be an access portal's. */
export function parseStartUrl(typed: string): string {
  const text = typed.trim();
  const whole = /^d-[0-9a-f]{10}$/i.test(text)
    ? `https://${text}.awsapps.com/start`
    : /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
      ? text
      : `https://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url === undefined || !/^[\w.:[\]-]+$/.test(url.host) || !/[.\]]|^localhost/.test(url.host))
    throw wrong(`${text} is not a web address`, example);
  const isLoopback = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback))
    throw wrong(`${text} does not begin with https://`, example);
  if (url.username !== "" || url.password !== "")
    throw wrong("the address has a user name or a password in it", example);
  const other = otherAddresses.find(([pattern]) => pattern.test(url.hostname));
  if (other !== undefined) throw wrong(`${url.hostname} ${other[1]}`, example);
  url.hash = "";
  url.search = "";
  const path = url.pathname.replace(/(?<!\/)\/+$/, "");
  const isNamed = /\.awsapps\.(?:com|cn)$/.test(url.hostname);
  return `${url.origin}${isNamed && path === "" ? "/start" : path}`;
}

/** Addresses that people take for the portal's. */
const otherAddresses: readonly (readonly [host: RegExp, is: string])[] = [
  [
    /^(?:[\w-]+\.)*signin\.(?:aws\.amazon|amazonaws)\.(?:com|cn)$/,
    "is the sign-in of IAM users, not an access portal",
  ],
  [
    /(?:^|\.)console\.(?:aws\.amazon|amazonaws)\.(?:com|cn)$/,
    "is the console, not an access portal",
  ],
  [/^device\.sso\./, "is the page for codes, not an access portal"],
  [
    /^(?:oidc|portal\.sso)\.[\w-]+\.amazonaws\.com$/,
    "is an endpoint of AWS's, not an access portal",
  ],
];

/** True for AWS's own hosts; a company's may redirect to one. */
export function isPortalHost(hostname: string): boolean {
  return /\.(?:awsapps\.(?:com|cn)|app\.aws|portal\.amazonaws\.(?:com|com\.cn|cn|eu)|app\.amazonwebservices\.(?:com\.cn|eu))$/.test(
    hostname,
  );
}

/** The region that is part of some portals' addresses; undefined for the others. */
export function regionInStartUrl(startUrl: string): string | undefined {
  const { hostname } = new URL(startUrl);
  const region = String.raw`([a-z]{2,5}(?:-[a-z]+)+-\d)`;
  return (
    new RegExp(String.raw`^[\w-]+\.portal\.${region}\.app\.`).exec(hostname)?.[1] ??
    new RegExp(String.raw`^[\w-]+\.${region}\.portal\.amazonaws\.`).exec(hostname)?.[1]
  );
}

/** A name to propose for the session: the portal's own, unless it is an id. */
export function sessionNameOf(startUrl: string): string {
  const { hostname } = new URL(startUrl);
  const [first = ""] = hostname.split(".");
  return /^(?:d-[0-9a-f]{10}|ssoins-[0-9a-f]+)$/i.test(first) || !/^[\w-]+$/.test(first)
    ? "sso"
    : first;
}

function wrong(problem: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_PROFILE_INVALID", problem, { hint });
}
