/** The stand-alone program's entrance: what `bin/awsrole.js` is to the npm package. `scripts/standalone.js` compiles it. */
import { answerFromCache } from "./cache-hit.ts";

const words = process.argv.slice(2);

async function run(): Promise<void> {
  const isForProgram = words[0] === "credential-process";
  if (isForProgram && !words.includes("--help") && !words.includes("-h")) {
    const answer = await answerFromCache(words.slice(1));
    if (answer === true) return;
    const { answerByFetching, end } = await import("./cache-miss.ts");
    await end(await answerByFetching(words, answer));
  } else {
    const { main, end } = await import("./cli.ts");
    await end(await main(words));
  }
  // Unlike node, bun can end while a read of the terminal is open, and would wait for it otherwise.
  process.exit();
}

await run();
