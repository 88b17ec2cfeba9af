/** AWS_CA_BUNDLE, `ca_bundle`: the certificates that are trusted in place of the built-in ones, for endpoint and proxy alike. */
import { AwsRoleError } from "../foundation/errors.ts";
import { namedFileProblem, readNamedFile } from "../foundation/named-file.ts";

/** All roots of a browser have 250 KB. */
const MAX_CA_BUNDLE_BYTES = 4 * 1024 * 1024;

/** The certificates in a PEM file. Throws ERR_CONFIG_READ when it cannot be read or holds none. */
export function readCaBundle(file: string): string {
  let text: string;
  try {
    text = readNamedFile(file, { maxBytes: MAX_CA_BUNDLE_BYTES }).toString("utf8");
  } catch (error) {
    throw caBundleError(`the CA bundle ${file} ${namedFileProblem(error)}`, error);
  }
  // OpenSSL takes a file without certificates in silence, and would then trust no server, for a reason that is not shown.
  if (!/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/.test(text)) {
    throw caBundleError(`no certificate in the CA bundle ${file}`);
  }
  return text;
}

function caBundleError(message: string, cause?: unknown): AwsRoleError {
  return new AwsRoleError("ERR_CONFIG_READ", message, {
    hint: "check AWS_CA_BUNDLE, or ca_bundle in the profile",
    cause,
  });
}
