/** Keys whose values are secrets: masked wherever they would be shown, and never kept anywhere else. */
export const secretKeys: ReadonlySet<string> = new Set([
  "aws_secret_access_key",
  "aws_session_token",
  "aws_security_token",
]);

/** `text` with the secrets masked that an indented line has made part of another key's value. */
export function maskSecrets(text: string): string {
  return text.replaceAll(
    /\b(aws_(?:secret_access_key|session_token|security_token)\s*=\s*)\S+/gi,
    "$1****",
  );
}
