/**
 * The way into the closed world: a network namespace whose loopback has the metadata services' addresses, and no other network.
 *
 * Root, or a user who may make user namespaces; `closedWorldSkipReason` says why not.
 */
import { spawnSync } from "node:child_process";

/** Where EC2, ECS and EKS serve credentials to what runs on them. */
export const metadataAddresses = [
  "169.254.169.254",
  "fd00:ec2::254",
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2::23",
] as const;

const isRoot = process.getuid?.() === 0;

/** Words in front of a command that is to run in a world of its own; `files`: what is to be seen in place of other files there (root only). */
export function intoClosedWorld(files: Readonly<Record<string, string>> = {}): readonly string[] {
  const addresses = metadataAddresses
    .map((one) => `ip address add ${one}${one.includes(":") ? "/128 nodad" : "/32"} dev lo`)
    .join(" && ");
  const bound = Object.entries(files)
    .map(([seenAs, file]) => ` && mount --bind ${file} ${seenAs}`)
    .join("");
  return [
    "unshare",
    "--net",
    ...(bound === "" ? [] : ["--mount"]),
    ...(isRoot ? [] : ["--map-root-user"]),
    "sh",
    "-c",
    `ip link set lo up && ${addresses}${bound} && exec "$@"`,
    "closed-world",
  ];
}

/** Why the closed world cannot be entered here, for a test's name; undefined where it can. */
export function closedWorldSkipReason(): string | undefined {
  if (process.platform !== "linux") return "a network namespace needs Linux";
  const [program = "", ...words] = intoClosedWorld();
  const { status, stderr } = spawnSync(program, [...words, "true"], { encoding: "utf8" });
  if (status === 0) return undefined;
  return `no network namespace can be made here: ${(stderr ?? "").trim().split("\n")[0] || "unshare is not installed"}`;
}
