/**
 * Preloaded with --require: something happens at the TEST_FAULT_AT'th operation on files below the folders TEST_FAULT_FOLDERS.
 * TEST_FAULT: `kill`, just before the operation; `halfway`, after half of what it was to write (only writes count); `change`, another program adds a line to
 * TEST_FAULT_CHANGES before the operation, if it opens a new file; `always change`, every time; `full`, no new file can be made, as on a full disk.
 * Only operations that change something count: between them there is nothing new to see. With TEST_FAULT_ALL all count.
 */
"use strict";
const fs = require("node:fs");
const real = { ...fs };

const folders = process.env.TEST_FAULT_FOLDERS.split(":");
const fault = process.env.TEST_FAULT;
const at = Number(process.env.TEST_FAULT_AT ?? 0);
let count = 0;

function isWatched(file) {
  return typeof file === "string" && folders.some((folder) => file.startsWith(folder));
}

function isCounted(name, half) {
  if (fault === "halfway") return half !== undefined;
  return changes.test(name) || process.env.TEST_FAULT_ALL !== undefined;
}

const changes = /^(handle\.)?(mkdir|open|rename|unlink|rm|writeFile|chmod|chown)(Sync)?$/;

/** `half` writes the first half of the data, if the operation writes any. */
function before(name, file, half, isNew = false) {
  if (isNew && fault === "full") throw Object.assign(new Error("no space"), { code: "ENOSPC" });
  if (!isCounted(name, half)) return;
  count += 1;
  if (isNew && (fault === "always change" || (fault === "change" && count >= at && at > 0))) {
    real.appendFileSync(process.env.TEST_FAULT_CHANGES, "# by another program\n");
    if (fault === "change") folders.length = 0;
  }
  if (count !== at || (fault !== "kill" && fault !== "halfway")) return;
  if (fault === "halfway") half();
  process.kill(process.pid, "SIGKILL");
}

function halfOf(data) {
  const bytes = Buffer.from(data);
  return bytes.subarray(0, bytes.length >> 1);
}

for (const [name, original] of Object.entries(real)) {
  if (!name.endsWith("Sync") || typeof original !== "function") continue;
  fs[name] = (file, ...rest) => {
    if (isWatched(file)) {
      const half =
        name === "writeFileSync" ? () => real.writeFileSync(file, halfOf(rest[0])) : undefined;
      before(name, file, half);
    }
    return original(file, ...rest);
  };
}
for (const [name, original] of Object.entries(real.promises)) {
  if (typeof original !== "function") continue;
  real.promises[name] = async (file, ...rest) => {
    if (!isWatched(file)) return original(file, ...rest);
    before(name, file, undefined, name === "open" && (rest[0] & real.constants.O_EXCL) !== 0);
    const result = await original(file, ...rest);
    if (name === "open") watchHandle(result, file);
    return result;
  };
}

function watchHandle(handle, file) {
  for (const name of ["writeFile", "stat", "chown", "chmod", "sync", "close"]) {
    const original = handle[name].bind(handle);
    handle[name] = (...rest) => {
      before(
        `handle.${name}`,
        file,
        name === "writeFile" ? () => real.writeSync(handle.fd, halfOf(rest[0])) : undefined,
      );
      return original(...rest);
    };
  }
}

require("node:module").syncBuiltinESMExports();
