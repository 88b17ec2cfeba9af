/** The OS user's name, as the password database has it. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

/** Where a user id has no entry there, as in containers: empty, or it throws. */
export function userName(): string {
  // The stand-alone program's runtime knows USER only, and says "unknown" where that is not set (a service, `env -i`).
  const uid = process.versions["bun"] === undefined ? undefined : process.getuid?.();
  if (uid === undefined) return userInfo().username;
  const entries = readFileSync("/etc/passwd", "utf8").split("\n");
  const entry = entries.map((line) => line.split(":")).find((fields) => fields[2] === String(uid));
  return entry?.[0] ?? "";
}
