import { describe, expect, it } from "vitest";
import { decodeKey, encodeKey } from "../../../src/credentials/key-item.ts";

const key = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  accountId: "123456789012",
};

describe("a stored access key", () => {
  it("comes back as it was, under its own id only", () => {
    expect(decodeKey(encodeKey(key), key.accessKeyId)).toEqual(key);
    expect(decodeKey(encodeKey(key), "AKIAI44QH8DHBEXAMPLE")).toBeUndefined();
  });
  it("is not used when any bit of it is flipped", () => {
    const bytes = Buffer.from(encodeKey(key));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeKey(changed.toString(), key.accessKeyId), `bit ${bit}`).toBeUndefined();
    }
  });
});
