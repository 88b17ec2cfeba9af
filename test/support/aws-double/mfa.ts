import { refusal } from "./answers.ts";
import type { Parameters } from "./action-request.ts";
import type { Caller } from "./directory.ts";
import { stepOfCode } from "./totp.ts";

/**
 * Checks SerialNumber and TokenCode of a request, and uses the code up. Answers whether they were given; throws
 * AccessDenied with the words that AWS has for each way to get them wrong (aws-cli#2279, aws-mfa#46, sgviz#9).
 */
export function consumeMfaCode(params: Parameters, caller: Caller, now: Date): boolean {
  const { SerialNumber: serial, TokenCode: code } = params;
  if (serial === undefined && code === undefined) return false;
  if (serial === undefined || code === undefined)
    throw failed("must provide both MFA serial number and one time pass code.");
  const { user } = caller;
  if (user?.totpSecret === undefined || user.mfaSerial !== serial) {
    throw failed(
      "unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
    );
  }
  const step = stepOfCode(user.totpSecret, code, now);
  if (step === undefined || user.usedTotpSteps.has(step))
    throw failed("with invalid MFA one time pass code.");
  user.usedTotpSteps.add(step);
  return true;
}

function failed(how: string): Error {
  const separator = how.startsWith("with ") ? " " : ", ";
  return refusal(403, "AccessDenied", `MultiFactorAuthentication failed${separator}${how}`);
}
