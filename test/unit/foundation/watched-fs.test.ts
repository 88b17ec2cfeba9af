import { describe, expect, it } from "vitest";
import { filesAnswer } from "../../../src/foundation/answers.ts";
import { answered, readFile } from "../../../src/foundation/watched-fs.ts";

describe("a call of the file system", () => {
  it("answers what it answers and throws what it throws", async () => {
    await expect(readFile(import.meta.filename, "utf8")).resolves.toContain("a call of the file");
    await expect(readFile("/nonexistent/file")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is given up when it does not come back, and so is every later one until it does", async () => {
    let comeBack = (): void => {};
    const blocked = new Promise<void>((resolve) => (comeBack = resolve));
    await expect(answered(() => blocked, 20)).rejects.toMatchObject({ code: "ETIMEDOUT" });
    await expect(readFile(import.meta.filename)).rejects.toMatchObject({ code: "ETIMEDOUT" });
    comeBack();
    await blocked;
    await expect(readFile(import.meta.filename, "utf8")).resolves.toContain("a call");
  });
});

describe("files", () => {
  it("answer when they are there, missing, or not to be looked at", async () => {
    const paths = [import.meta.filename, "/nonexistent", `${import.meta.filename}/below-a-file`];
    await expect(filesAnswer(paths, 10_000)).resolves.toBe(true);
  });
});
