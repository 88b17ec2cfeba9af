import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

it("docs/explanation/security.md names only tests that there are", () => {
  // Files in different folders may have one name.
  const texts = new Map<string, string>();
  for (const name of readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".test.ts")) continue;
    const text = readFileSync(join(root, "test", name), "utf8");
    const file = basename(name, ".test.ts");
    texts.set(file, `${texts.get(file) ?? ""}${text}`);
  }
  const page = readFileSync(join(root, "docs", "explanation", "security.md"), "utf8").replaceAll(
    /\n {2}/g,
    " ",
  );
  const named = [...page.matchAll(/`([a-z-]+): ([^`]+)`/g)];
  expect(named.length).toBeGreaterThan(12);
  for (const [, file = "", title = ""] of named)
    expect(texts.get(file) ?? `no ${file}.test.ts`, `${file}: ${title}`).toContain(title);
});
