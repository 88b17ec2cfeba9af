import { describe, expect, it } from "vitest";
import {
  decodeValues,
  encodeValues,
  type Value,
} from "../../../../../src/stores/keychain/dbus/values.ts";

describe("D-Bus values", () => {
  it.each<[signature: string, values: Value[]]>([
    ["yub", [7, 4_294_967_295, true]],
    ["sog", ["zwölf 🗝️", "/org/freedesktop/secrets", "a{sv}"]],
    ["ay", [Uint8Array.of(0, 255, 1)]],
    ["aoao", [["/a", "/b"], []]],
    [
      "a{ss}y",
      [
        [
          ["service", "awsrole"],
          ["username", "x"],
        ],
        1,
      ],
    ],
    [
      "v(oayays)",
      [
        { signature: "as", value: ["deep"] },
        ["/s", Uint8Array.of(), Uint8Array.of(1), "text/plain"],
      ],
    ],
    [
      "ya(yv)",
      [
        1,
        [
          [3, { signature: "u", value: 5 }],
          [4, { signature: "g", value: "s" }],
        ],
      ],
    ],
    ["s".repeat(40), Array.from({ length: 40 }, (_, i) => "x".repeat(i * i))],
  ])("come back as they went out: %s", (signature, values) => {
    const decoded = decodeValues(signature, encodeValues(signature, values), true);
    expect(plain(decoded)).toEqual(plain(values));
  });

  it("lie where the specification says, padded to their size", () => {
    expect(encodeValues("yuas", [1, 2, ["a"]]).toString("hex")).toBe(
      ["01000000", "02000000", "06000000", "01000000", "6100"].join(""),
    );
    // An array's length does not count the padding before its first struct.
    expect(encodeValues("a(y)", [[[9]]]).toString("hex")).toBe("010000000000000009");
  });

  it("are read in either byte order", () => {
    expect(decodeValues("us", Buffer.from("00000002000000016100", "hex"), false)).toEqual([2, "a"]);
  });

  it.each([
    ["s", "ff00000061"],
    ["as", "ffffff7f00000000"],
    ["ay", "1000000000"],
    ["v", "017800"],
    ["a()", "010000000000000000"],
    ["a(yv)", "100000000000000001"],
  ])("that end too early, or are of a type unknown, are refused: %s %s", (signature, hex) => {
    expect(() => decodeValues(signature, Buffer.from(hex, "hex"), true)).toThrow(RangeError);
  });
});

/** Buffers and Uint8Arrays alike. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  return value;
}
