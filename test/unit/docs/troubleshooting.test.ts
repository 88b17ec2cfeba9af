/** The page is looked up by the text that a program shows; many show nothing of awsrole's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { programRows } from "../../../scripts/programs-page.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (page: string): string => readFileSync(join(root, page), "utf8");
const pages = ["docs/troubleshooting.md", "docs/zh-TW/troubleshooting.md"];

it.for(pages)("%s begins with the texts of programs that do not show the reason", (page) => {
  const [heading = ""] = /^### .*$/m.exec(read(page)) ?? [];
  for (const text of [
    "Could not load credentials from any providers",
    "Missing credentials in config, if using AWS_CONFIG_FILE, set AWS_SDK_LOAD_CONFIG=1",
    "NoCredentials: Need to perform AWS calls for account",
    "Failed to refresh process-based credentials.",
    "AWS_AUTH_CREDENTIALS_PROVIDER_",
    "Secret Validation Failure",
    "No signing credentials available",
  ])
    expect(heading).toContain(text);
});

it("has there every kind of program that does not show the reason", () => {
  const kinds: Readonly<Record<string, string>> = {
    "JavaScript SDK v3": "JavaScript v3",
    "JavaScript SDK v2": "v3 and v2",
    "AWS CDK": "CDK",
    "Java SDK v2": "Java v2",
    "Java SDK v1": "No AWS profile named",
    "C++ SDK (pyarrow)": "C++",
    "DuckDB (aws, httpfs)": "DuckDB",
    "AWS CRT (awscrt)": "Common Runtime",
    "Mountpoint client (s3torchconnectorclient)": "Mountpoint",
  };
  const silent = programRows().filter(({ reason }) => reason === "no");
  expect(silent.map(({ name }) => name).filter((name) => !(name in kinds))).toEqual([]);
  for (const { name } of silent) expect(read("docs/troubleshooting.md")).toContain(kinds[name]);
});

it.for(pages)("%s has whoami behind every `log --last`", (page) => {
  const steps = [...read(page).matchAll(/^awsrole log --last\n(.*)$/gm)].map(([, next]) => next);
  expect(steps.length).toBeGreaterThan(1);
  expect(new Set(steps)).toEqual(new Set(["awsrole whoami prod"]));
});
