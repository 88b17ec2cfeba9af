/** An authority of the closed world's own, and a certificate for any host name asked for. */
import { execFileSync } from "node:child_process";
import { isIP } from "node:net";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { readFileSync, writeFileSync } from "node:fs";

export type Authority = {
  /** The authority's certificate, for AWS_CA_BUNDLE. */
  readonly caFile: string;
  /** Key and certificate for a host name, made on first use. */
  readonly contextFor: (host: string) => SecureContext;
};

/** Makes the authority in `folder` with openssl; elliptic curves, since RSA keys take a second each. */
export function createAuthority(folder: string): Authority {
  const file = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): void =>
    void execFileSync("openssl", words, { cwd: folder, stdio: "pipe" });
  const newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout";
  openssl(
    ...`req -x509 ${newKey} ca.key -out ca.pem -subj /CN=closed-world`.split(" "),
    // Without these two Python's OpenSSL 3 refuses the authority.
    ...`-addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign,cRLSign`.split(" "),
  );
  openssl(...`req ${newKey} host.key -out host.csr -subj /CN=host`.split(" "));
  const made = new Map<string, SecureContext>();
  const make = (host: string): SecureContext => {
    writeFileSync(
      file("names"),
      `subjectAltName=${isIP(host) === 0 ? "DNS" : "IP"}:${host}\nauthorityKeyIdentifier=keyid\n`,
    );
    openssl(
      ..."x509 -req -in host.csr -CA ca.pem -CAkey ca.key -CAcreateserial".split(" "),
      ..."-extfile names -out host.pem".split(" "),
    );
    return createSecureContext({
      key: readFileSync(file("host.key")),
      cert: readFileSync(file("host.pem")),
    });
  };
  return {
    caFile: file("ca.pem"),
    contextFor: (host) => {
      const context = made.get(host) ?? make(host);
      made.set(host, context);
      return context;
    },
  };
}
