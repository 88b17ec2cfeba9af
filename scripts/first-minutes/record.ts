/** One way in, typed in a real terminal: what the screen shows at the end, from the first line on. */
import { setTimeout as pause } from "node:timers/promises";
import type { Terminal } from "../../test/support/terminal.ts";
import { startMachine } from "./machine.ts";
import type { Person, Way } from "./ways.ts";

const patienceMs = 60_000;
const shellAsks = /(?:^|\n)\$$/;

/** The screen, with what differs from run to run in the same width. @throws with the screen where something waited for does not come. */
export async function record(way: Way, columns: number): Promise<string> {
  const machine = await startMachine(columns, { withKeychain: way.isServer !== true });
  try {
    way.prepare?.(machine);
    await way.steps(personAt(machine.terminal), machine);
    return `${steady(machine.terminal.screen())}\n`;
  } finally {
    await machine.close();
  }
}

function personAt(terminal: Terminal): Person {
  const waitUntil = async (isDone: (screen: string) => boolean, what: string): Promise<string> => {
    const until = Date.now() + patienceMs;
    for (;;) {
      const screen = terminal.screen();
      if (isDone(screen)) return screen;
      if (Date.now() > until) throw new Error(`${what} does not come:\n${screen}`);
      await pause(100);
    }
  };
  return {
    async run(command, ...answers) {
      const before = await waitUntil((screen) => shellAsks.test(screen), "a prompt");
      terminal.enter(command);
      let seen = "";
      for (const [question, typed] of answers) {
        // What was there when the last answer was typed is not the next question.
        const last = seen;
        seen = await waitUntil(
          (screen) => screen !== last && question.test(screen),
          String(question),
        );
        if (typeof typed === "string") terminal.enter(typed);
        else terminal.press(typed.key);
      }
      await waitUntil(
        (screen) => shellAsks.test(screen) && prompts(screen) > prompts(before),
        `the end of ${command}`,
      );
    },
  };
}

function prompts(screen: string): number {
  return screen.match(/^\$(?: |$)/gm)?.length ?? 0;
}

/** Codes, times and names that AWS makes up, as they always are. */
function steady(screen: string): string {
  return (
    screen
      .replace(/\n\$$/, "")
      // Its ports and codes differ, and with them where it breaks.
      .replaceAll(
        /http:\/\/127\.0\.0\.1:\d+\/(?:[^ ]*\n)+?(?=signed in)/g,
        "http://127.0.0.1/authorize?...\n",
      )
      .replaceAll(/\b\d{2}:\d{2}(?=, in)/g, "17:01")
      .replaceAll(/(?<=MFA code for \S+: )\d{6}$/gm, "123456")
      .replaceAll(/\bAKIA(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16}\b/g, "AKIAI44QH8DHBEXAMPLE")
      .replaceAll(/\bAROA[A-Z0-9]{16}\b/g, "AROAEXAMPLEEXAMPLE00")
  );
}
