/** Which cached sessions end with a sign-in. */
import { expect, it } from "vitest";
import { isOfSsoSession } from "../../../src/sessions/sso-items.ts";
import type { IndexEntry } from "../../../src/state/item-index.ts";

const session = { name: "corp", startUrl: "https://corp.awsapps.com/start" };
const sso = JSON.stringify({ sso: "corp", startUrl: session.startUrl, role: "Reader" });
const assumed = (source: string): string => JSON.stringify({ role: "arn:x", source });
const row = (request: string | undefined): IndexEntry => ({
  account: "session/v1/x",
  kind: "role",
  store: "keychain",
  profile: "x",
  ...(request === undefined ? {} : { request }),
});

it.each([
  ["its own role", sso, true],
  ["a role that its role assumes", assumed(sso), true],
  ["a role at the end of a chain", assumed(assumed(sso)), true],
  ["a role of a key", assumed("key AKIAIOSFODNN7EXAMPLE"), false],
  ["another session", sso.replace("corp", "other"), false],
  ["another portal", sso.replace("corp.awsapps", "other.awsapps"), false],
  ["no request", undefined, false],
  ["a request that is no JSON", "{", false],
])("%s: %s", (_, request, expected) => {
  expect(isOfSsoSession(row(request), session)).toBe(expected);
});
