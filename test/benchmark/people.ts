/** Commands for people that need neither network nor keychain, by the npm package and the stand-alone program, and what they are held against. */
import { resolve } from "node:path";
import { program } from "../support/run-awsrole.ts";
import type { Line } from "./timing.ts";

/** What each is measured with; `isParsed`: yargs splits its words, so that loading yargs is part of it. */
export const commands: readonly {
  readonly words: readonly string[];
  readonly isParsed: boolean;
}[] = [
  { words: ["--version"], isParsed: false },
  { words: ["--help"], isParsed: true },
  { words: ["add-profile", "--help"], isParsed: true },
  { words: ["list"], isParsed: true },
  { words: ["config"], isParsed: true },
  { words: ["explain", "prod"], isParsed: true },
  { words: ["completion", "--words", "exec", "pr"], isParsed: false },
  { words: ["list", "--prompt"], isParsed: false },
  { words: ["use", "--shell", "bash", "prod"], isParsed: false },
];

/** A program of five lines that has yargs parse `list`. */
export const yargsAlone = "node and yargs alone";

/** The name of a command's line, of one program or the other. */
export function nameOf(words: readonly string[], kind: "npm" | "stand-alone"): string {
  return `${kind === "npm" ? "awsrole" : "stand-alone"} ${words.join(" ")}`;
}

/** One line for each command and program, `standalone` where it was built. */
export function peopleLines(standalone: string | undefined, env: NodeJS.ProcessEnv): Line[] {
  const of = (kind: "npm" | "stand-alone", start: readonly string[]): Line[] =>
    commands.map(({ words }) => ({
      name: nameOf(words, kind),
      words: [...start, ...words],
      env: { ...env, AWS_PROFILE: "prod" },
    }));
  return [
    {
      name: yargsAlone,
      words: [process.execPath, resolve("test/benchmark/yargs-alone.mjs")],
      env,
    },
    ...of("npm", program),
    ...(standalone === undefined ? [] : of("stand-alone", [standalone])),
  ];
}
