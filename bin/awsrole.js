#!/usr/bin/env node
"use strict";

const words = process.argv.slice(2);

async function run() {
  let firstRead;
  if (words[0] === "credential-process") {
    const answer = await require("../dist/answer-from-cache.cjs").answerFromCache(words.slice(1));
    if (answer === true) return;
    firstRead = answer;
  }
  const { main, end } = await import("../dist/main.js");
  await end(await main(words, firstRead));
}

void run();
