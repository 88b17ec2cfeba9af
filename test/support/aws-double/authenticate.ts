import { refusal } from "./answers.ts";
import {
  partitionOfRegion,
  userAsCaller,
  type AccessKey,
  type Caller,
  type Directory,
  type Session,
} from "./directory.ts";
import { readSignatureClaim, verifySignature, type SignedRequest } from "./signature.ts";

/** Finds out who signed `request`. Throws AWS's refusals: key and token first, then time, then the signature itself. */
export function authenticate(
  request: SignedRequest,
  { directory, now, service }: { directory: Directory; now: Date; service: string },
): Caller {
  const claim = readSignatureClaim(request.headers);
  const token = request.headers["x-amz-security-token"];
  const signer = findSigner(directory, claim.accessKeyId, token);
  const caller = "caller" in signer ? signer.caller : userAsCaller(signer.user, "user", undefined);
  if (partitionOfRegion(claim.region) !== caller.partition) throw invalidToken();
  verifySignature(request, claim, { secretAccessKey: signer.secretAccessKey, service, now });
  if ("caller" in signer && signer.expiresAt <= now) {
    throw refusal(403, "ExpiredToken", "The security token included in the request is expired");
  }
  if (!("caller" in signer)) signer.lastUsed = { at: now, service, region: claim.region };
  return caller;
}

function findSigner(
  directory: Directory,
  accessKeyId: string,
  token: string | string[] | undefined,
): AccessKey | Session {
  const session = directory.sessionsById.get(accessKeyId);
  if (session !== undefined && session.sessionToken === token) return session;
  const key = directory.keysById.get(accessKeyId);
  if (key === undefined || key.status === "Inactive" || token !== undefined) throw invalidToken();
  if (key.unknownForRequests > 0) {
    key.unknownForRequests -= 1;
    throw invalidToken();
  }
  return key;
}

function invalidToken(): Error {
  return refusal(
    403,
    "InvalidClientTokenId",
    "The security token included in the request is invalid.",
  );
}
