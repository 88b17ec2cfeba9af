/** The stand-alone program's entrance: what `bin/awsrole.js` is to the npm package. `scripts/standalone.js` compiles it. */
import { answerFromCache } from "./answer-from-cache.ts";

const words = process.argv.slice(2);
const answer =
  words[0] === "credential-process" ? await answerFromCache(words.slice(1)) : undefined;
if (answer !== true) {
  const { main, end } = await import("./main.ts");
  await end(await main(words, answer));
  // Unlike node, bun can end while a read of the terminal is open, and would wait for it otherwise.
  process.exit();
}
