/**
 * For vitest's `setupFiles`: skips on Windows, by name and with the reason, the tests of `posix-only.json`. A file's tests are named by the end of their
 * titles; `*` stands for any text. `npm run test:windows` fails for an entry that no test has.
 */
import { beforeEach } from "vitest";
import { posixOnlyReason } from "./posix-only.ts";

if (process.platform === "win32")
  beforeEach(({ task, skip }) => {
    const reason = posixOnlyReason(task.file.name, task.name);
    if (reason !== undefined) skip(reason);
  });
