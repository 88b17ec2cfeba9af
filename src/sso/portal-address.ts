/**
 * The access portal behind a company's own address (`https://sso.example.com`), which redirects once to one of AWS's. AWS knows its own address only. Its
 * host may also say the region.
 */
import { createRequestHandler } from "../aws/http.ts";
import type { StsConnection } from "../config/connection.ts";
import { isPortalHost, parseStartUrl } from "../config/start-url.ts";
import type { Deadline } from "../foundation/deadline.ts";

/**
 * The portal's own address; `startUrl` itself where it is one, leads to none, or cannot be asked: what is wrong with it is then found by the sign-in.
 * One request, without credentials, to an address that is not AWS's; none otherwise.
 */
export async function findPortal(
  startUrl: string,
  connection: Pick<StsConnection, "caBundleFile" | "env">,
  deadline: Deadline,
): Promise<string> {
  const { protocol, hostname, port, host, pathname } = new URL(startUrl);
  if (isPortalHost(hostname)) return startUrl;
  try {
    const handler = createRequestHandler(connection, () => deadline.remainingMs());
    const { response } = await handler.handle({
      protocol,
      hostname,
      ...(port === "" ? {} : { port: Number(port) }),
      path: pathname,
      method: "GET",
      headers: { host },
    });
    const { location = "" } = response.headers;
    const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode);
    const isPortal =
      URL.canParse(location) && isPortalHost(new URL(location).hostname) && isRedirect;
    return isPortal ? parseStartUrl(location) : startUrl;
  } catch {
    return startUrl;
  }
}
