/** Preloaded with --require: on exit, writes which modules were required after node's own start, to TEST_MODULES_FILE. */
"use strict";
const { writeFileSync } = require("node:fs");
const Module = require("node:module");

const seen = new Set();
const load = Module._load;
Module._load = function (request, ...rest) {
  seen.add(request.replace(/^.*node_modules\//, "").replace(/^.*\/(bin|dist)\//, "$1/"));
  return load.call(this, request, ...rest);
};
process.on("exit", () =>
  writeFileSync(process.env.TEST_MODULES_FILE, JSON.stringify([...seen].toSorted())),
);
