/**
 * One of each idea (CONTRIBUTING.md): fails, with file and line, where src/ does by hand what one module does for all. Run by `npm run lint`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../src/", import.meta.url));

/** What must not be written, what to write instead, and the files or folders (below src/) in which it is at home. */
const idioms = [
  {
    pattern: /instanceof AwsRoleError\b/,
    instead: "isAwsRoleError(error): each bundle has a class of its own",
    home: ["foundation/errors.ts"],
  },
  {
    pattern: /"code" in error|as NodeJS\.ErrnoException/,
    instead: "errorCode or hasErrorCode of foundation/errno.ts",
    home: ["foundation/errno.ts", "stores/keychain/dbus/connection.ts", "state/runtime-dir.ts"],
  },
  {
    pattern: /\.tmp`|renameSync\(|writeFileSync\(/,
    instead: "openStateFile of state/json-file.ts",
    home: [
      "state/json-file.ts",
      "locks/unix-socket.ts",
      "locks/windows-pipe.ts",
      "commands/console/redirect-page.ts",
    ],
    within: ["state/", "locks/", "keys/", "credentials/", "sessions/", "profiles/", "commands/"],
  },
  {
    pattern: /"node:child_process"/,
    instead: "runProcess of foundation/run-process.ts",
    home: [
      "foundation/run-process.ts",
      "foundation/process-info.ts",
      "commands/exec/child-process.ts",
      "commands/exec/each.ts",
      "cli/hidden-input.ts",
      "program/program-path.ts",
      // Synchronous, as the calls of the file system among which a folder is made.
      "foundation/windows-acl.ts",
    ],
  },
  {
    pattern: /accessSync\(|env\["P(?:ATH|ath)"\](?!,| ===)/,
    instead: "findOnPath of foundation/find-executable.ts",
    home: ["foundation/find-executable.ts"],
  },
  {
    pattern: /toISOString\(\)\.(?:slice\(0, 19\)|replace\()/,
    instead: "formatExpiration of aws/credentials.ts",
    home: ["aws/credentials.ts"],
  },
  {
    pattern: /"node:http"/,
    instead: "openLoopbackServer of sign-in/loopback-server.ts",
    home: ["sign-in/loopback-server.ts", "endpoint/", "aws/"],
  },
  {
    pattern: /\b(?:3600|43_?200|129_?600|2048)\b(?!.*\*)/,
    instead: "config/aws-limits.ts",
    // An hour has 3600 seconds, too.
    home: ["config/aws-limits.ts", "credentials/base-credentials.ts"],
    within: ["config/", "credentials/", "sessions/", "profiles/", "commands/", "clients/"],
  },
  {
    // Some are the process's own: it has one standard output, one caller, one user, and few threads for files.
    pattern: /^let |^const \w+(?:: [^=]+)? = new (?:Map|WeakMap)\b(?!.*\(\[)/,
    instead: "a value in the Context or in a function: no mutable state in a module",
    home: [
      "context.ts",
      "cli/foreground.ts",
      "foundation/watched-fs.ts",
      "foundation/windows-acl.ts",
    ],
  },
  {
    pattern: /process\.env\b/,
    instead: "context.env",
    home: [
      "context.ts",
      "entry/",
      "aws/client.ts",
      "cli/hidden-input.ts",
      "stores/keychain/index.ts",
      "foundation/windows-acl.ts",
    ],
  },
  {
    pattern: /\b15 \* 60_000/,
    instead: "isLostKey of keys/lost-key.ts",
    home: ["keys/lost-key.ts"],
    within: ["keys/", "commands/setup/"],
  },
];

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"));
const problems = files.flatMap((file) => {
  const lines = readFileSync(new URL(file, new URL("../src/", import.meta.url)), "utf8").split(
    "\n",
  );
  return idioms
    .filter(
      ({ home, within = [""] }) =>
        !home.some((place) => file.startsWith(place)) && within.some((one) => file.startsWith(one)),
    )
    .flatMap(({ pattern, instead }) =>
      lines.flatMap((line, index) =>
        pattern.test(line) ? [`src/${file}:${index + 1}: use ${instead}`] : [],
      ),
    );
});
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
