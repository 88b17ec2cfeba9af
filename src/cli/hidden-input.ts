/**
 * A terminal that does not show what is typed, as `stty -echo` does it: line editing, Ctrl-C and Ctrl-Z stay the terminal's own. Node can only
 * switch to raw mode, which takes all of these away and stays when the process is killed.
 *
 * A shell of ours switches the echo off, and on again as soon as its standard input ends: that is, when we say so, and when we end in
 * whatever way. It ignores the signals of the keyboard and SIGTTOU, so that it can. Where another program has taken the terminal over
 * by then (a shell that reads its next command, seen by the line editing that it switches off), the terminal is that program's.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** The echo of one terminal. */
export type Echo = {
  /** Both resolve when it is done. */
  off(): Promise<void>;
  on(): Promise<void>;
  /** On, and nothing more to come. */
  end(): Promise<void>;
};

const script = `
trap '' HUP INT QUIT TERM TSTP TTIN TTOU
saved=$(stty -g <&3) || exit 1
echo ready
hidden=
while read -r word; do
  case $word in
    off) stty -echo <&3 && hidden=1 ;;
    on) stty "$saved" <&3; hidden= ;;
  esac
  echo done
done
[ -n "$hidden" ] || exit 0
case $(stty -a <&3) in *-icanon*) ;; *) stty "$saved" <&3 ;; esac
`;

/** The echo of the terminal behind `descriptor`; undefined where there is no shell or no `stty`. */
export async function openEcho(descriptor: number): Promise<Echo | undefined> {
  const shell = spawn("/bin/sh", ["-c", script], {
    // Its messages are never shown, but `stty -a` is read.
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    stdio: ["pipe", "pipe", "ignore", descriptor],
  });
  const { stdin, stdout } = shell;
  if (stdin === null || stdout === null) return undefined;
  const ended = new Promise<void>((resolve) => {
    shell.once("error", () => resolve());
    shell.once("close", () => resolve());
  });
  stdin.on("error", () => {});
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<boolean> =>
    (await Promise.race([answers.next(), ended.then(() => ({ done: true }))])).done !== true;
  const say = async (word: string): Promise<void> => {
    stdin.write(`${word}\n`);
    await answer();
  };
  if (!(await answer())) return undefined;
  return {
    off: () => say("off"),
    on: () => say("on"),
    end: async () => {
      stdin.end();
      await ended;
    },
  };
}
