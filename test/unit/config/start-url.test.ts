import { describe, expect, it } from "vitest";
import { parseStartUrl, regionInStartUrl, sessionNameOf } from "../../../src/config/start-url.ts";

describe("a start URL as people have it", () => {
  it.each([
    ["https://d-1234567890.awsapps.com/start", "https://d-1234567890.awsapps.com/start"],
    ["https://d-1234567890.awsapps.com/start#/", "https://d-1234567890.awsapps.com/start"],
    ["https://acme.awsapps.com/start/#/?tab=accounts", "https://acme.awsapps.com/start"],
    ["  acme.awsapps.com/start ", "https://acme.awsapps.com/start"],
    ["https://acme.awsapps.com", "https://acme.awsapps.com/start"],
    ["https://acme.awsapps.cn/start", "https://acme.awsapps.cn/start"],
    [
      "https://start.us-gov-home.awsapps.com/directory/acme",
      "https://start.us-gov-home.awsapps.com/directory/acme",
    ],
    ["d-1234567890", "https://d-1234567890.awsapps.com/start"],
    [
      "https://ssoins-1234567890abcdef.portal.eu-west-1.app.aws",
      "https://ssoins-1234567890abcdef.portal.eu-west-1.app.aws",
    ],
    [
      "https://ssoins-1.eu-west-1.portal.amazonaws.com/",
      "https://ssoins-1.eu-west-1.portal.amazonaws.com",
    ],
    ["https://aws.acme.example/", "https://aws.acme.example"],
    ["http://127.0.0.1:4000/start", "http://127.0.0.1:4000/start"],
  ])("%s is written as %s", (typed, written) => {
    expect(parseStartUrl(typed)).toBe(written);
    expect(parseStartUrl(written)).toBe(written);
  });

  it.each([
    ["", "is not a web address"],
    ["acme", "is not a web address"],
    ["https://", "is not a web address"],
    ["http://acme.awsapps.com/start", "does not begin with https://"],
    ["file:///etc/passwd", "is not a web address"],
    ["https://bob:secret@acme.awsapps.com/start", "has a user name or a password in it"],
    ["https://123456789012.signin.aws.amazon.com/console", "is the sign-in of IAM users"],
    ["https://eu-west-1.console.aws.amazon.com/", "is the console"],
    ["https://console.aws.amazon.com/", "is the console"],
    ["https://device.sso.eu-west-1.amazonaws.com/", "is the page for codes"],
    ["https://oidc.eu-west-1.amazonaws.com", "is an endpoint of AWS's"],
  ])("%s is refused: %s", (typed, message) => {
    expect(() => parseStartUrl(typed)).toThrow(message);
    expect(() => parseStartUrl(typed)).not.toThrow("secret");
  });
});

it.each([
  ["https://ssoins-1.portal.eu-west-1.app.aws", "eu-west-1"],
  ["https://ssoins-1.us-gov-west-1.portal.amazonaws.com", "us-gov-west-1"],
  ["https://d-1234567890.awsapps.com/start", undefined],
  ["https://aws.acme.example", undefined],
])("the region of %s is %s", (startUrl, region) => {
  expect(regionInStartUrl(startUrl)).toBe(region);
});

it("proposes the portal's name for the session, not its id", () => {
  expect(sessionNameOf("https://acme.awsapps.com/start")).toBe("acme");
  expect(sessionNameOf("https://d-1234567890.awsapps.com/start")).toBe("sso");
});
