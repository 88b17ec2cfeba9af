/** The AWS sign-in service, as far as `console` needs it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type FederationDouble = {
  /** For AWS_ENDPOINT_URL_SIGNIN. */
  readonly url: string;
  readonly seen: readonly { readonly line: string; readonly body: string }[];
  answer: { status: number; body: string };
  close(): void;
};

/** Starts it on a free port of 127.0.0.1; it gives the token `planted-signin-token`. */
export async function startFederationDouble(): Promise<FederationDouble> {
  const seen: { line: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      seen.push({ line: `${request.method} ${request.url}`, body });
      response.writeHead(double.answer.status).end(double.answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const double: FederationDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer: { status: 200, body: '{"SigninToken":"planted-signin-token"}' },
    close: () => server.close(),
  };
  return double;
}
