/** What the system tells of a process: from /proc where it is, else by `ps` (one child process a call). Not on Windows. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Numbers are as the system gives them. */
export type ProcessInfo = {
  /** Of the program, without its folder and arguments. Text from elsewhere: escape it. */
  readonly name: string;
  readonly parentId: number;
  readonly groupId: number;
  /** The group in the foreground of its terminal; not above 0 where it has none. */
  readonly foregroundGroupId: number;
};

/** The process with this id; undefined where there is none, or the system does not tell. */
export function processInfo(platform: NodeJS.Platform, id: number): ProcessInfo | undefined {
  if (platform === "win32") return undefined;
  return platform === "linux" ? (fromProc(id) ?? (hasProc() ? undefined : fromPs(id))) : fromPs(id);
}

/** `sh -c` is between most SDKs and the programs they start. */
export function isShell({ name }: ProcessInfo): boolean {
  return shells.has(name);
}

const shells: ReadonlySet<string> = new Set(["sh", "dash", "bash", "zsh", "busybox"]);

/** `PID (NAME) STATE PARENT GROUP SESSION TERMINAL FOREGROUND …`; the name may hold anything. */
function fromProc(id: number): ProcessInfo | undefined {
  const stat = read(`/proc/${id}/stat`);
  if (stat === undefined) return undefined;
  const end = stat.lastIndexOf(")");
  const [, parent, group, , , foreground] = stat.slice(end + 2).split(" ");
  return {
    name: stat.slice(stat.indexOf("(") + 1, end),
    parentId: Number(parent),
    groupId: Number(group),
    foregroundGroupId: Number(foreground),
  };
}

function hasProc(): boolean {
  return read("/proc/self/stat") !== undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function fromPs(id: number): ProcessInfo | undefined {
  try {
    const output = execFileSync("ps", ["-o", "ppid=,pgid=,tpgid=,comm=", "-p", String(id)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 1000,
    });
    const [, parent, group, foreground, path = ""] =
      /^\s*(-?\d+)\s+(-?\d+)\s+(-?\d+)\s+(.*?)\s*$/.exec(output) ?? [];
    if (path === "") return undefined;
    return {
      name: path.slice(path.lastIndexOf("/") + 1),
      parentId: Number(parent),
      groupId: Number(group),
      foregroundGroupId: Number(foreground),
    };
  } catch {
    return undefined;
  }
}
