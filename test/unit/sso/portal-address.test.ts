import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { findPortal } from "../../../src/sso/portal-address.ts";

let server: Server | undefined;
let visits = 0;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  visits = 0;
});

/** A company's address, which answers so. */
async function company(status: number, location?: string): Promise<string> {
  server = createServer((_request, response) => {
    visits += 1;
    response.writeHead(status, location === undefined ? {} : { location }).end();
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/aws`;
}
const find = (startUrl: string, remainingMs = 5000) =>
  findPortal(startUrl, { env: {} }, { remainingMs: () => remainingMs });

it.each([
  [301, "https://d-1234567890.awsapps.com/start/", "https://d-1234567890.awsapps.com/start"],
  [302, "https://ssoins-1.portal.us-east-2.app.aws/", "https://ssoins-1.portal.us-east-2.app.aws"],
  [307, "https://acme.awsapps.com/start/#/", "https://acme.awsapps.com/start"],
  [308, "https://x.eu-west-1.portal.amazonaws.com", "https://x.eu-west-1.portal.amazonaws.com"],
])("follows one %i to %s", async (status, location, portal) => {
  expect(await find(await company(status, location))).toBe(portal);
  expect(visits).toBe(1);
});

it.each([
  ["to another address", 302, "https://evil.example/start"],
  ["to what only looks like AWS's", 302, "https://acme.awsapps.com.evil.example/start"],
  ["to AWS without TLS", 302, "http://acme.awsapps.com/start"],
  ["with a password in it", 302, "https://a:b@acme.awsapps.com/start"],
  ["to nowhere", 302, undefined],
  ["that is none", 200, "https://acme.awsapps.com/start"],
])("leaves the address as it is for a redirect %s", async (_what, status, location) => {
  const typed = await company(status, location);
  expect(await find(typed)).toBe(typed);
});

it("asks nobody about AWS's own addresses, and lives with one that does not answer", async () => {
  expect(await find("https://acme.awsapps.com/start")).toBe("https://acme.awsapps.com/start");
  expect(await find("http://127.0.0.1:9/x")).toBe("http://127.0.0.1:9/x");
  const silent = await company(302, "https://acme.awsapps.com/start");
  expect(await find(silent, 0)).toBe(silent);
  expect(visits).toBe(0);
});
