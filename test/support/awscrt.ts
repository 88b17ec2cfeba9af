/** The AWS Common Runtime, by its Python package: what Mountpoint for S3, the Swift SDK and the IoT SDKs are built on. */
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const version = "0.38.1";
/** Beside what npm installed, so that it is fetched once. */
const folder = fileURLToPath(
  new URL("../../node_modules/.cache/awsrole-tests/python", import.meta.url),
);

/** What a python3 that is to find it needs in its environment. */
export const awscrtEnv: NodeJS.ProcessEnv = { PYTHONPATH: folder };

/** Why tests with it cannot run here, for their name; undefined where they can. */
export function noAwscrt(): string | undefined {
  const { status } = spawnSync("python3", ["-c", "import awscrt"], {
    env: { PATH: process.env["PATH"], ...awscrtEnv },
  });
  return status === 0 ? undefined : `awscrt is not installed (pip install awscrt==${version})`;
}

/** Installs it for the tests alone; throws what pip reports. */
export function installAwscrt(): void {
  execFileSync(
    "python3",
    ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, `awscrt==${version}`],
    { stdio: "pipe", timeout: 120_000 },
  );
}
