// Another user of the machine, who wants the console: command lines are public, so it looks for the one-time address in them and is faster than
// a browser that has to start. Prints the status of its first answer and where it led; ends by itself after a minute.
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";

const [, , own] = process.argv;
const until = Date.now() + 60_000;
const seen = new Set();

/** Addresses of 127.0.0.1, or pages that lead to one, in the command lines of all processes. */
function findAddress() {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (!words.some((word) => word.includes(own))) continue;
      for (const word of words) {
        if (/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/.test(word) && !seen.has(word)) return word;
        if (word.endsWith("/console.html"))
          return /url=([^"]+)/.exec(readFileSync(word, "utf8"))?.[1];
      }
    } catch (error) {
      if (error.code === "EACCES") {
        console.log(error.code);
        process.exit(0);
      }
    }
  }
}

function poll() {
  const address = findAddress();
  if (address === undefined) {
    if (Date.now() < until) setImmediate(poll);
    return;
  }
  seen.add(address);
  request(address, (answer) => {
    console.log(`${answer.statusCode} ${answer.headers.location ?? "nowhere"}`);
    process.exit(0);
  })
    .on("error", (error) => {
      console.log(error.code);
      process.exit(0);
    })
    .end();
}
poll();
