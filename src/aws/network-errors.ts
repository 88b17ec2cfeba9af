/** What can go wrong between here and AWS, and what to do about it. */

import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";

/** The deadline of the whole program has passed while AWS was being asked. */
export function outOfTime(url: URL): AwsRoleError {
  return new AwsRoleError("ERR_DEADLINE", `ran out of time waiting for ${url.host}`, {
    hint: "check the network and the proxy, then try again",
  });
}

/**
 * ERR_NETWORK for whatever Node raised on the way to `url`. Keeps it as `cause`. Says nothing of a proxy but its host,
 * since its URL may hold a password.
 */
export function networkError(error: unknown, url: URL, proxy: URL | undefined): AwsRoleError {
  if (isAwsRoleError(error)) {
    return error;
  }
  const cause = error as Error & {
    code?: string;
    step?: string;
    proxyStatus?: number;
    hostname?: string;
  };
  const [message, hint] = describe(cause, url, proxy);
  return new AwsRoleError("ERR_NETWORK", message, { hint, cause });
}

type NodeError = { message: string; code?: string; step?: string; proxyStatus?: number };

function describe(
  error: NodeError,
  url: URL,
  proxy: URL | undefined,
): [message: string, hint: string] {
  const peer = proxy ? `the proxy ${proxy.host}` : url.host;
  const owner =
    proxy?.protocol === "https:" ? `${url.host} or of the proxy ${proxy.host}` : url.host;
  const variable = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const check = proxy
    ? `check ${variable} and NO_PROXY`
    : `check the network, endpoint_url and, behind a proxy, ${variable}`;
  if (error.proxyStatus === 407) {
    return [
      `${peer} requires authentication (407)`,
      `set the credentials in ${variable}: http://USER:PASSWORD@HOST:PORT, percent-encoded`,
    ];
  }
  if (error.proxyStatus !== undefined) {
    return [`${peer} refused to connect to ${url.host} (${error.proxyStatus})`, check];
  }
  if (error.step === "connecting") {
    return [`no connection to ${peer} within the time limit`, check];
  }
  if (error.step === "answering") {
    return [`${url.host} did not respond within the time limit`, check];
  }
  switch (error.code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return [
        `the host name of ${peer} cannot be resolved (${error.code})`,
        `${check}; check the region`,
      ];
    case "ECONNREFUSED":
      return [`${peer} refused the connection (ECONNREFUSED)`, check];
    case "ETIMEDOUT":
      return [`no connection to ${peer} (ETIMEDOUT)`, check];
    case "ECONNRESET":
    case "EPIPE":
      return [`the connection to ${peer} broke (${error.code})`, check];
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return [
        `the certificate of ${owner} is not valid now (${error.code})`,
        "check this machine's clock; if it is right, the certificate is wrong",
      ];
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return [`the certificate of ${owner} belongs to another host (${error.code})`, check];
    case "EPROTO":
      return [
        `${peer} does not speak TLS as expected (EPROTO)`,
        `check the scheme and port of endpoint_url and ${variable}`,
      ];
    default:
      return isUntrusted(error.code)
        ? [
            `the certificate of ${owner} is not trusted (${error.code})`,
            "behind a TLS-inspecting proxy, set AWS_CA_BUNDLE (or ca_bundle in the profile) to a file with its CA certificate",
          ]
        : [`cannot reach ${peer}: ${error.code ?? error.message}`, check];
  }
}

/** OpenSSL's verification failures that mean an unknown issuer. */
function isUntrusted(code: string | undefined): boolean {
  return /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE))$/.test(
    code ?? "",
  );
}
