/**
 * Who may import whom in src/ (docs/internals/architecture.md): fails, with file and line, on an import that goes up or sideways. Types count:
 * a type that many need lives in a low folder. Run by `npm run lint`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../src/", import.meta.url));

const ground = ["foundation", "config", "state"];
const services = [...ground, "locks", "stores", "aws", "program"];
const core = [...services, "sso", "credentials", "cli", "sessions"];
const nouns = ["profiles", "keys", "endpoint", "clients", "sign-in"];

/** Folder → the folders that it may import from, besides itself. */
const mayImport = {
  foundation: [],
  config: ["foundation"],
  cli: ["foundation"],
  state: ["foundation", "config"],
  locks: ground,
  stores: ground,
  aws: ground,
  program: [...ground, "aws"],
  sso: services,
  credentials: [...services, "sso"],
  sessions: core,
  profiles: core,
  keys: [...core, "profiles"],
  endpoint: core,
  clients: core,
  "sign-in": core,
  commands: [...core, ...nouns],
  entry: [...core, ...nouns, "commands", "context.ts"],
  "context.ts": ["foundation", "state"],
};

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"));
const problems = files.flatMap(problemsIn);
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error("arrows point down only: see docs/internals/architecture.md");
  process.exitCode = 1;
}

/** The forbidden imports of one file, as `src/FILE:LINE: …`. */
function problemsIn(file) {
  const [folder] = file.split("/");
  if (!(folder in mayImport)) return [`src/${file}: this folder has no place in the order`];
  const text = readFileSync(new URL(file, new URL("../src/", import.meta.url)), "utf8");
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].flatMap(
    ({ 1: specifier = "", index }) => {
      const target = posix.join(dirname(file), specifier);
      // The manifest, which is beside src/.
      if (target.startsWith("..")) return [];
      const reason = reasonAgainst(file, target);
      const line = text.slice(0, index).split("\n").length;
      return reason === undefined ? [] : [`src/${file}:${line}: ${reason} (${specifier})`];
    },
  );
}

/** Why `file` may not import `target`, both below src/; undefined when it may. */
function reasonAgainst(file, target) {
  const [folder, command] = file.split("/");
  const [other, otherCommand] = target.split("/");
  if (folder !== other)
    return mayImport[folder].includes(other) ? undefined : `${folder}/ may not import ${other}/`;
  const isOther = folder === "commands" && command !== otherCommand;
  return isOther && file !== "commands/registry.ts"
    ? "a command may not import another command"
    : undefined;
}
