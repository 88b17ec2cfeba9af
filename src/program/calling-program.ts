/** Who called us, as far as the system tells. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The name (never the arguments) of the program that started this one; undefined where that would cost a child process. */
export function callingProgram(platform: NodeJS.Platform): string | undefined {
  if (platform !== "linux") return undefined;
  try {
    return readFileSync(`/proc/${process.ppid}/comm`, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** `sh -c` stands between most SDKs and us. */
const shells: ReadonlySet<string> = new Set(["sh", "dash", "bash", "zsh", "busybox"]);

/**
 * The name of the program that wants something of us, past the shell that SDKs start us with; `a program` where the system does not
 * tell. It may cost a child process (macOS). Foreign text: escape it.
 */
export function requestingProgram(platform: NodeJS.Platform): string {
  if (platform === "win32") return "a program";
  const read = platform === "linux" ? fromProc : fromPs;
  const parent = read(process.ppid);
  const caller = parent !== undefined && shells.has(parent.name) ? read(parent.parentId) : parent;
  return caller?.name ?? parent?.name ?? "a program";
}

type Process = { readonly name: string; readonly parentId: number };

/** `PID (NAME) STATE PARENT …`; the name may hold anything. */
function fromProc(id: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    const end = stat.lastIndexOf(")");
    return {
      name: stat.slice(stat.indexOf("(") + 1, end),
      parentId: Number(stat.slice(end + 2).split(" ")[1]),
    };
  } catch {
    return undefined;
  }
}

function fromPs(id: number): Process | undefined {
  try {
    const output = execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(id)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 1000,
    });
    const [, parentId, path = ""] = /^\s*(\d+)\s+(.*?)\s*$/.exec(output) ?? [];
    const name = path.slice(path.lastIndexOf("/") + 1);
    return parentId === undefined || name === "" ? undefined : { name, parentId: Number(parentId) };
  } catch {
    return undefined;
  }
}
