/** The AWS CLI v2 of Debian, unpacked beside what npm installed: as a package it would take the place of another `aws`. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { canInstallPackages } from "./needed-programs.ts";

const folder = fileURLToPath(
  new URL("../../node_modules/.cache/awsrole-tests/aws-cli-2", import.meta.url),
);

const python = "/usr/bin/python3";

/** With what it needs besides Debian's python3. */
const packages =
  "awscli python3-pyasn1 python3-awscrt python3-colorama python3-cryptography python3-dateutil python3-distro python3-docutils python3-jmespath python3-prompt-toolkit python3-ruamel.yaml python3-ruamel.yaml.clib python3-urllib3 python3-six python3-wcwidth python3-cffi-backend python3-roman";

/** Why it cannot be had here, for a test's name; undefined where it can. */
export const noDebianAwsCli: string | undefined =
  process.env["AWSROLE_TEST_LONG"] === undefined
    ? "AWSROLE_TEST_LONG is not set: Debian's package is fetched first"
    : canInstallPackages() && existsSync(python)
      ? undefined
      : "the suite does not run as root on Debian";

/** Its path, fetched where it is not there yet. Throws what apt-get and dpkg report. */
export function installDebianAwsCli(): string {
  const program = join(folder, "aws");
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const options = { cwd: folder, stdio: "pipe", timeout: 180_000 } as const;
  execFileSync("apt-get", ["download", ...packages.split(" ")], options);
  execFileSync("sh", ["-c", 'for one in *.deb; do dpkg -x "$one" root; done'], options);
  const modules = join(folder, "root/usr/lib/python3/dist-packages");
  writeFileSync(
    program,
    `#!/bin/sh\nPYTHONPATH=${modules} exec ${python} ${folder}/root/usr/bin/aws "$@"\n`,
    { mode: 0o755 },
  );
  return program;
}
