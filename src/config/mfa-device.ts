/** Which serials AWS can take a code for: STS wants six digits, and only a virtual or hardware TOTP device shows any. */

/** What is wrong with a serial (in a sentence part behind `mfa_serial`), and what to do; undefined for one that can be right. */
export function mfaDeviceProblem(
  serial: string,
): { readonly what: string; readonly hint: string } | undefined {
  // A hardware device has a plain number.
  const [, service, resource] = /^arn:[^:]*:([^:]*):[^:]*:[^:]*:(.*)$/i.exec(serial) ?? [];
  if (service === undefined || resource === undefined) return undefined;
  if (service === "iam" && /^mfa\/./.test(resource))
    return /^arn:aws[a-z-]*:iam::\d{12}:/.test(serial)
      ? undefined
      : {
          what: "is not the ARN of a device: the account has twelve digits, and the partition small letters",
          hint: "the ARN of a device looks like arn:aws:iam::123456789012:mfa/NAME; the user's security credentials in the console show it",
        };
  const [kind = ""] = resource.split("/");
  if (service === "iam" && kind === "u2f")
    return {
      what: "is a security key or passkey, which gives no six-digit code: AWS takes it in the browser only",
      hint: "register an authenticator app beside it and name that (a YubiKey can hold one: mfa_process = ykman oath accounts code -s NAME), or sign in with aws login or SSO",
    };
  if (service === "iam" && kind === "sms-mfa")
    return {
      what: "is an SMS device, which AWS no longer has",
      hint: "register an authenticator app and set its ARN",
    };
  const is =
    service === "iam" && kind === "user" ? "the ARN of a user" : "an ARN, but not a device's";
  return {
    what: `is ${is}: it has no code`,
    hint: "the ARN of a device looks like arn:aws:iam::123456789012:mfa/NAME; the user's security credentials in the console show it",
  };
}
