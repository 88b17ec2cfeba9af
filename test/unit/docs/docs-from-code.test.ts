/** Pages that the code is the source of: they cannot go stale. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandReference } from "../../../scripts/command-reference.ts";
import { manPage } from "../../../scripts/man-page.ts";
import { commands } from "../../../src/commands/registry.ts";
import { missing, titled } from "../../support/installed.ts";
import { awsroleKeys, plainKeysThatShadow } from "../../../src/config/profiles.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const inCode = (text: string): Set<string> =>
  new Set([...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = ""]) => code.split(/[ ,=]/)));
const source = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => read(join("src", file)))
  .join("\n");
const found = (pattern: RegExp): string[] => [
  ...new Set([...source.matchAll(pattern)].map(([, name = ""]) => name)),
];

describe("docs/reference/commands.md", () => {
  it("is what `npm run docs` writes", async () => {
    expect(read("docs/reference/commands.md"), "run `npm run docs`").toBe(await commandReference());
  });
});

describe("man/awsrole.1", () => {
  it("is what `npm run docs` writes", async () => {
    expect(read("man/awsrole.1"), "run `npm run docs`").toBe(await manPage());
  });

  const noGroff = missing("groff");
  const formatted = "is formatted by man without a complaint, and has every command and option";
  it.skipIf(noGroff !== undefined)(titled(formatted, noGroff), () => {
    const { stdout, stderr } = spawnSync(
      "groff",
      ["-man", "-Tascii", "-ww", "-rLL=100n", "-P-cbou", join(root, "man/awsrole.1")],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    for (const name of Object.keys(commands)) expect(stdout).toContain(`awsrole ${name}`);
    // As typed: a hyphen must not have become another sign.
    expect(stdout).toContain("--role-session-name");
    expect(stdout).toContain("~/.aws/config");
  });
});

describe("docs/reference/configuration.md", () => {
  const page = read("docs/reference/configuration.md");
  const rows = [...page.matchAll(/^\| (.*?) \|/gm)].map(([, cell = ""]) => cell);

  it("has a row for each of awsrole's own keys, and for no other", () => {
    const documented = rows.flatMap((cell) => /^`(awsrole_\w+)`/.exec(cell)?.[1] ?? []);
    expect(documented.toSorted()).toEqual(awsroleKeys.map((key) => `awsrole_${key}`).toSorted());
  });

  it("names every environment variable that the code reads or sets, and none that it does not", () => {
    // Not the user's: switches off a warning of the SDK.
    const internal = ["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"];
    const variables = found(/\benv\["([A-Za-z_]+)"\]/g);
    const other = found(/"((?:AWS|AWSROLE|XDG)_[A-Z_]+)"/g);
    const documented = inCode(page);
    const missing = [...variables, ...other]
      .map((name) => (name === "Path" ? "PATH" : name.toUpperCase()))
      .map((name) => (name === "PSMODULEPATH" ? "PSModulePath" : name))
      .filter((name) => name !== "" && !internal.includes(name) && !documented.has(name));
    expect(missing).toEqual([]);
    const strange = [...documented].filter(
      (name) => /^(?:AWS|AWSROLE|XDG)_[A-Z_]+$/.test(name) && !source.includes(name),
    );
    expect(
      strange.filter((name) => !/^AWS_ENDPOINT_URL_(?:STS|IAM|SSO|SSO_OIDC|SIGNIN)$/.test(name)),
    ).toEqual([]);
  });

  it("names every standard key that the code reads", () => {
    const documented = inCode(page);
    const keys = found(/\b(?:found|named|need|booleanOf|get|value)\((?:[\w.?]+, )*"([a-z_]+)"/g);
    const standard = [...keys, ...plainKeysThatShadow].filter(
      (key) => !awsroleKeys.includes(key) && !key.startsWith("awsrole_"),
    );
    // `profile` is an option of credential-process.
    expect(standard.filter((key) => key !== "profile" && !documented.has(key))).toEqual([]);
  });
});
