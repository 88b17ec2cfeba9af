/** Another user of the machine, for attacks: made by `useradd` where the suite runs as root on Linux. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";

/** Where root can make folders that nobody else can write, unlike the temporary folder. */
export const rootsFolder = "/var/lib";

const name = "awsrole-test-2";

/** Why there can be no second user here, for the names of the tests that need one. */
export const noSecondUser: string | undefined =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  spawnSync("useradd", ["--help"]).status === 0
    ? undefined
    : "a second user takes root and useradd";

/** The second user's numbers; the user is made once and stays. It shares no group with anybody. */
export function secondUser(): {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
} {
  // Test files run side by side: whoever comes second finds the user, or useradd's lock.
  for (let attempt = 1; spawnSync("id", [name]).status !== 0; attempt += 1) {
    const { status, stderr } = spawnSync(
      "useradd",
      ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/sh", name],
      { encoding: "utf8" },
    );
    if (status !== 0 && attempt > 50) throw new Error(`useradd: ${stderr}`);
    if (status !== 0) execFileSync("sleep", ["0.1"]);
  }
  const idOf = (option: string): number =>
    Number(execFileSync("id", [option, name], { encoding: "utf8" }));
  return { name, uid: idOf("-u"), gid: idOf("-g") };
}

/** Starts `node` on this script's text as the second user. Resolves at the first line on its stdout, which says that it is ready. */
export async function attack(
  script: string,
  words: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly lines: () => readonly string[] }> {
  const { uid, gid } = secondUser();
  const child = spawn(process.execPath, ["-e", script, ...words], {
    uid,
    gid,
    cwd: "/",
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => reject(new Error(`it ended with ${code}`)));
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve();
    });
  });
  return { child, lines: () => text.split("\n").slice(0, -1) };
}
