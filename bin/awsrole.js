#!/usr/bin/env node
"use strict";

const words = process.argv.slice(2);
// In a variable, so that types come from the sources below and the type checker does not follow the bundles.
const dist = "../dist";

async function run() {
  const isForProgram = words[0] === "credential-process";
  if (isForProgram && !words.includes("--help") && !words.includes("-h")) {
    /** @type {typeof import("../src/entry/cache-hit.ts")} */
    const { answerFromCache } = require(`${dist}/cache-hit.cjs`);
    const answer = await answerFromCache(words.slice(1));
    if (answer === true) return;
    /** @type {typeof import("../src/entry/cache-miss.ts")} */
    const { answerByFetching, end } = require(`${dist}/cache-miss.cjs`);
    await end(await answerByFetching(words, answer));
  } else {
    /** @type {typeof import("../src/entry/cli.ts")} */
    const { main, end } = await import(`${dist}/cli.js`);
    await end(await main(words));
  }
}

void run();
