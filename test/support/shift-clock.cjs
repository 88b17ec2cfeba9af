/**
 * Preloaded with --require: the wall clock is TEST_WALL_OFFSET seconds ahead, the uptime TEST_UPTIME_OFFSET, or both as the file
 * TEST_OFFSET_FILE says at the time. Timers are as ever.
 */
"use strict";
const { readFileSync } = require("node:fs");
const os = require("node:os");

const file = process.env.TEST_OFFSET_FILE;
const secondsOf = (name) => Number((file ? readFileSync(file, "utf8") : process.env[name]) ?? 0);
const wallMs = () => secondsOf("TEST_WALL_OFFSET") * 1000;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + wallMs());
    else super(...args);
  }
  static now() {
    return RealDate.now() + wallMs();
  }
};
const realUptime = os.uptime;
os.uptime = () => realUptime() + secondsOf("TEST_UPTIME_OFFSET");
require("node:module").syncBuiltinESMExports();
