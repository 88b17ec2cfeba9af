/**
 * Python packages that some tests need and that Debian does not have: installed for the tests alone, beside what npm installed, so that each is
 * fetched once.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Module → what pip installs. */
const packages = {
  /** The AWS Common Runtime: what Mountpoint for S3, the Swift SDK and the IoT SDKs are built on. */
  awscrt: "awscrt==0.38.1",
  tree_sitter: "tree-sitter==0.25.2",
  /** PowerShell's grammar. */
  tree_sitter_powershell: "tree-sitter-powershell==0.26.4",
} as const;

/** A module of these. */
export type PythonModule = keyof typeof packages;

const folder = fileURLToPath(
  new URL("../../node_modules/.cache/awsrole-tests/python", import.meta.url),
);

/** What a python3 that is to find them needs in its environment. */
export const pythonEnv: NodeJS.ProcessEnv = { PYTHONPATH: folder };

/** Why tests with these modules cannot run here, for their name; undefined where they can. */
export function noPython(...modules: readonly PythonModule[]): string | undefined {
  const { status } = spawnSync("python3", ["-c", `import ${modules.join(", ")}`], {
    env: { PATH: process.env["PATH"], ...pythonEnv },
  });
  if (status === 0) return undefined;
  const wanted = modules.map((module) => packages[module]).join(" ");
  return `not all of these are installed: pip install ${wanted}`;
}

/** The modules that are not there yet. */
export function missingPython(): readonly PythonModule[] {
  const modules = Object.keys(packages) as PythonModule[];
  return noPython(...modules) === undefined
    ? []
    : modules.filter((module) => noPython(module) !== undefined);
}

/** Installs them; throws what pip reports. */
export function installPython(modules: readonly PythonModule[]): void {
  const wanted = modules.map((module) => packages[module]);
  const words = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, ...wanted];
  execFileSync("python3", words, { stdio: "pipe", timeout: 120_000 });
}
