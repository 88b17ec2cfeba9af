/** A Linux that does not show whose a connection is: for the program that is started there, the kernel's name is WSL's. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Why not, for the test's name; undefined where it can be done. */
export const noWsl: string | undefined =
  process.platform !== "linux" || process.getuid?.() !== 0
    ? "only root can give a program another view of /proc"
    : spawnSync("unshare", ["--mount", "true"]).status === 0
      ? undefined
      : "no mount namespaces here";

/** What to put before a command line. `folder` takes a file. */
export function asWsl(folder: string): readonly string[] {
  const file = join(folder, "osrelease");
  writeFileSync(file, "5.15.153.1-microsoft-standard-WSL2\n");
  const script = 'mount --bind "$0" /proc/sys/kernel/osrelease && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, file];
}
