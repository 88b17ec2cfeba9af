/**
 * Preloaded with --require: waits for a person or for AWS's patience take less. Pauses (`timers/promises`) of 5 s and more are divided by TEST_PAUSE_DIVISOR;
 * timers of a minute and more end after TEST_LONG_TIMER_MS.
 */
"use strict";
const promises = require("node:timers/promises");
const divisor = Number(process.env.TEST_PAUSE_DIVISOR ?? 1);
const longMs = Number(process.env.TEST_LONG_TIMER_MS ?? Number.POSITIVE_INFINITY);
const { setTimeout: pause } = promises;
promises.setTimeout = (ms, ...rest) => pause(ms >= 5000 ? ms / divisor : ms, ...rest);
const start = globalThis.setTimeout;
globalThis.setTimeout = (work, ms, ...rest) =>
  start(work, ms >= 60_000 ? Math.min(ms, longMs) : ms, ...rest);
require("node:module").syncBuiltinESMExports();
