#!/usr/bin/env node
"use strict";

const words = process.argv.slice(2);

async function run() {
  const isForProgram = words[0] === "credential-process";
  if (isForProgram && !words.includes("--help") && !words.includes("-h")) {
    const { answerFromCache } = require("../dist/cache-hit.cjs");
    const answer = await answerFromCache(words.slice(1));
    if (answer === true) return;
    const { answerByFetching, end } = require("../dist/cache-miss.cjs");
    await end(await answerByFetching(words, answer));
  } else {
    const { main, end } = await import("../dist/cli.js");
    await end(await main(words));
  }
}

void run();
