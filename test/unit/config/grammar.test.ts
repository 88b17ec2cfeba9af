import { describe, expect, test } from "vitest";
import { isAwsRoleError } from "../../../src/foundation/errors.ts";
import { parseDocument, type Settings } from "../../../src/config/document.ts";
import { type AwsFiles, combineDocuments } from "../../../src/config/files.ts";

/** Bytes, so that a case can hold what is not UTF-8. */
function files(config: string | Buffer, credentials: string | Buffer = ""): AwsFiles {
  const latin1 = (text: string | Buffer): string => Buffer.from(text).toString("latin1");
  return combineDocuments(
    parseDocument(latin1(config), { file: "config", kind: "config" }),
    parseDocument(latin1(credentials), { file: "credentials", kind: "credentials" }),
  );
}

function values(settings: Settings | undefined): Record<string, string> {
  return Object.fromEntries([...(settings ?? [])].map(([key, { value }]) => [key, value]));
}

function profiles(read: AwsFiles): Record<string, Record<string, string>> {
  return Object.fromEntries(read.profileNames().map((name) => [name, values(read.profile(name))]));
}

type Read = Record<string, Record<string, string>>;
const accepted: [title: string, config: string, expected: Read, credentials?: string][] = [
  ["an empty file", "", {}],
  ["a file of blank lines and comments", " \n\t\n# a\n; b\n\n", {}],
  ["a header alone", "[profile a]", { a: {} }],
  ["two headers alone", "[profile a]\n[profile b]\n", { a: {}, b: {} }],
  [
    "every character a name may have",
    "[profile Az09-_./%@:+]\nk = v",
    { "Az09-_./%@:+": { k: "v" } },
  ],
  ["names by case", "[profile A]\nk = 1\n[profile a]\nk = 2", { A: { k: "1" }, a: { k: "2" } }],
  ["an unknown character in a name: ignored", "[profile a!b]\nk = v", {}],
  ["a name of two words: ignored", "[profile a b]\nk = v\n[profile c]\nk = w", { c: { k: "w" } }],
  ["a quoted name: ignored", '[profile "a"]\nk = v', {}],
  ["a name with umlauts: ignored", "[profile jürgen]\nk = v", {}],
  ["a name without prefix: ignored", "[a]\nk = v", {}],
  ["the bare word profile: ignored", "[profile]\nk = v", {}],
  ["profile and name run together: ignored", "[profilea]\nk = v", {}],
  ["another case of the prefix: another section", "[Profile a]\nk = v", {}],
  ["an empty header: ignored", "[]\nk = v", {}],
  ["a tab after the prefix", "[profile\ta]\nk = v", { a: { k: "v" } }],
  ["spaces and tabs around prefix and name", "[ \tprofile \t a\t ]\nk = v", { a: { k: "v" } }],
  ["spaces after the header", "[profile a] \t\nk = v", { a: { k: "v" } }],
  [
    "a comment after a header",
    "[profile a] # x\nk = v\n[profile b]; y\nk = w",
    { a: { k: "v" }, b: { k: "w" } },
  ],
  [
    "a bracket in the comment behind a header",
    "[profile a] # [profile b]\nk = v",
    { a: { k: "v" } },
  ],
  ["[default] without prefix", "[default]\nk = v", { default: { k: "v" } }],
  ["[profile default]", "[profile default]\nk = v", { default: { k: "v" } }],
  [
    "[profile default] before [default]",
    "[profile default]\na = 1\n[default]\nb = 2",
    { default: { a: "1" } },
  ],
  [
    "[profile default] after [default]",
    "[default]\nb = 2\n[profile default]\na = 1",
    { default: { a: "1" } },
  ],
  [
    "[profile default] twice around [default]",
    "[profile default]\na = 1\n[default]\nb = 2\n[profile default]\nc = 3",
    { default: { a: "1", c: "3" } },
  ],
  ["a property", "[profile a]\nk = v", { a: { k: "v" } }],
  ["a property without spaces", "[profile a]\nk=v", { a: { k: "v" } }],
  ["tabs and spaces around key and value", "[profile a]\nk \t=\t v \t", { a: { k: "v" } }],
  ["equals signs in a value", "[profile a]\nk = a=b==", { a: { k: "a=b==" } }],
  ["an empty value", "[profile a]\nk =\nl = 1", { a: { k: "", l: "1" } }],
  ["a key in upper case", "[profile a]\nRole_ARN = V", { a: { role_arn: "V" } }],
  [
    "every character a key may have",
    "[profile a]\naz09-_./%@:+ = v",
    { a: { "az09-_./%@:+": "v" } },
  ],
  ["a key of two words: ignored", "[profile a]\nk l = v\nm = w", { a: { m: "w" } }],
  [
    "an ignored key takes its continuation with it",
    "[profile a]\nk l = v\n  more\nm = w",
    { a: { m: "w" } },
  ],
  [
    "quotes are part of the value",
    "[profile a]\nk = \"v\"\nl = 'w'",
    { a: { k: '"v"', l: "'w'" } },
  ],
  ["backslashes are part of the value", "[profile a]\nk = C:\\new\\t", { a: { k: "C:\\new\\t" } }],
  ["Unicode in a value", "[profile a]\nk = grüße 😂", { a: { k: "grüße 😂" } }],
  [
    "a value that ends in à, whose last byte is a latin1 space",
    "[profile a]\nk = voilà",
    { a: { k: "voilà" } },
  ],
  ["a value that ends in a no-break space", "[profile a]\nk = v\u00a0", { a: { k: "v\u00a0" } }],
  [
    "a comment after a value",
    "[profile a]\nk = v # x\nl = w ; y\nm = x\t#z",
    { a: { k: "v", l: "w", m: "x" } },
  ],
  ["a mark that touches the value", "[profile a]\nk = v#x\nl = w;y", { a: { k: "v#x", l: "w;y" } }],
  ["a second mark that does not", "[profile a]\nk = v#x ; y", { a: { k: "v#x" } }],
  ["nothing but a comment as value", "[profile a]\nk = # x", { a: { k: "" } }],
  ["a comment mark right behind the equals sign", "[profile a]\nk =#x", { a: { k: "#x" } }],
  ["comments between properties", "[profile a]\nk = v\n# x\n;y\nl = w", { a: { k: "v", l: "w" } }],
  ["a commented property", "[profile a]\n#k = v\nl = w", { a: { l: "w" } }],
  [
    "blank lines anywhere",
    "\t \n[profile a]\n\n \nk = v\n\t\n[profile b]\n ",
    { a: { k: "v" }, b: {} },
  ],
  ["CRLF", "[profile a]\r\nk = v\r\n  w\r\n\r\n[profile b]\r\n", { a: { k: "v\nw" }, b: {} }],
  ["mixed line ends", "[profile a]\nk = v\r\nl = w\n", { a: { k: "v", l: "w" } }],
  ["CR at the very end", "[profile a]\r\nk = v\r", { a: { k: "v" } }],
  ["no newline at the end", "[profile a]\nk = v", { a: { k: "v" } }],
  ["a byte order mark", "\ufeff[profile a]\nk = v", { a: { k: "v" } }],
  ["a byte order mark before a comment", "\ufeff# x\n[profile a]\nk = v", { a: { k: "v" } }],
  ["a continuation", "[profile a]\nk = v\n -w", { a: { k: "v\n-w" } }],
  ["several continuations", "[profile a]\nk = v\n w\n\tx", { a: { k: "v\nw\nx" } }],
  ["spaces around a continuation", "[profile a]\nk = v\n \t w \t ", { a: { k: "v\nw" } }],
  [
    "comment marks in a continuation",
    "[profile a]\nk = v\n w # x\n y ; z",
    { a: { k: "v\nw # x\ny ; z" } },
  ],
  ["a continuation that begins with a mark", "[profile a]\nk = v\n # x", { a: { k: "v\n# x" } }],
  ["an equals sign in a continuation", "[profile a]\nk = v\n l = w", { a: { k: "v\nl = w" } }],
  [
    "a continuation after a blank line and a comment",
    "[profile a]\nk = v\n\n# x\n w",
    { a: { k: "v\nw" } },
  ],
  [
    "a bracket in an indented line is no header",
    "[profile a]\nk = v\n [profile b]",
    { a: { k: "v\n[profile b]" } },
  ],
  ["a nested block", "[profile a]\ns3 =\n x = 1\n Y = 2", { a: { s3: "\nx = 1\nY = 2" } }],
  ["a nested block behind a comment", "[profile a]\ns3 = # c\n x = 1", { a: { s3: "\nx = 1" } }],
  ["an empty value in a nested block", "[profile a]\ns3 =\n x =", { a: { s3: "\nx =" } }],
  ["an odd key in a nested block", "[profile a]\ns3 =\n x y = 1", { a: { s3: "\nx y = 1" } }],
  [
    "blank lines and comments in a nested block",
    "[profile a]\ns3 =\n\t \n x = 1\n#c\n\n y = 2",
    { a: { s3: "\nx = 1\ny = 2" } },
  ],
  [
    "the property after a nested block",
    "[profile a]\ns3 =\n x = 1\nk = v",
    { a: { s3: "\nx = 1", k: "v" } },
  ],
  ["the same section twice", "[profile a]\nk = v\n[profile a]\nl = w", { a: { k: "v", l: "w" } }],
  ["the same key twice", "[profile a]\nk = v\nk = w", { a: { k: "w" } }],
  ["the same key in another case", "[profile a]\nK = v\n[profile a]\nk = w", { a: { k: "w" } }],
  ["a nested block replaced by a value", "[profile a]\ns3 =\n x = 1\ns3 = v", { a: { s3: "v" } }],
  ["an indented comment right after a header", "[profile a]\n  # x\nk = v", { a: { k: "v" } }],
  ["an indented comment before the first header", "  ; x\n[profile a]\nk = v", { a: { k: "v" } }],
  [
    "an indented comment in a nested block",
    "[profile a]\ns3 =\n # c\n x = 1\n ;\n y = 2",
    { a: { s3: "\nx = 1\ny = 2" } },
  ],
  [
    "names that objects have",
    "[profile __proto__]\n__proto__ = v\nconstructor = w",
    Object.fromEntries([
      [
        "__proto__",
        Object.fromEntries([
          ["__proto__", "v"],
          ["constructor", "w"],
        ]),
      ],
    ]),
  ],
  ["both files", "[profile a]\nk = v", { a: { k: "v", l: "w" } }, "[a]\nl = w"],
  ["the same key in both files", "[profile a]\nk = v", { a: { k: "w" } }, "[a]\nk = w"],
  [
    "[profile default] and the credentials file",
    "[profile default]\nk = v\n[default]\nl = w",
    { default: { k: "v", m: "x" } },
    "[default]\nm = x",
  ],
  ["a profile of the credentials file alone", "", { a: { k: "v" } }, "[a]\nk = v"],
  ["spaces in a credentials header", "", { a: { k: "v" } }, "[  a\t]\nk = v"],
  ["a prefix in the credentials file: ignored", "", {}, "[profile a]\nk = v"],
  [
    "a prefix run together in the credentials file",
    "",
    { "sso-sessiona": { k: "v" } },
    "[sso-sessiona]\nk = v",
  ],
  ["an sso-session is no profile", "[sso-session s]\nk = v\n[profile a]", { a: {} }],
  ["an unknown prefix is no profile", "[plugins]\nk = v\n[foo bar]\nk = v", {}],
];

describe("the grammar of the AWS files", () => {
  test.each(accepted)("%s", (_title, config, expected, credentials = "") => {
    expect(profiles(files(config, credentials))).toEqual(expected);
  });
});

const refused: [title: string, config: string, place: string, what: RegExp][] = [
  ["a header without a bracket", "[profile a", "config:1", /does not end in "]"/],
  ["lines that end as on old Macs", "[profile a]\rk = v\r", "config:1", /carriage return/],
  ["text behind a header", "\n[profile a] x\nk = v", "config:2", /does not end in "]"/],
  ["a bracket inside a comment", "[profile a # ]", "config:1", /does not end in "]"/],
  ["a line without an equals sign", "[profile a]\nk : v", "config:2", /without "="/],
  ["an equals sign only in the comment", "[profile a]\nk # = v", "config:2", /without "="/],
  ["an empty key", "[profile a]\n= v", "config:2", /nothing before "="/],
  [
    "a continuation right after the header",
    "[profile a]\n k = v",
    "config:2",
    /no setting above it/,
  ],
  [
    "a continuation after a second header",
    "[profile a]\nk = v\n[profile a]\n w",
    "config:4",
    /no setting above it/,
  ],
  [
    "a nested line without an equals sign",
    "[profile a]\ns3 =\n x",
    "config:3",
    /without "=" in a nested block/,
  ],
  ["a nested line with an empty key", "[profile a]\ns3 =\n = 1", "config:3", /nothing before "="/],
  [
    "an indented bracket right after a header",
    "[profile a]\n [profile b]",
    "config:2",
    /no setting above it/,
  ],
  ["two bad lines", "[profile a]\nx\ny\n", "config:2", /\(and 1 more/],
];

describe("what the grammar refuses", () => {
  test.each(refused)("%s", (_title, config, place, what) => {
    expect(syntaxError(() => files(config).profile("a"))).toMatch(
      new RegExp(`^${place}: .*${what.source}`),
    );
  });

  test("a bad line in the credentials file names that file", () => {
    expect(syntaxError(() => files("[profile a]", "\n[a]\nx").profile("a"))).toMatch(
      /^credentials:3: /,
    );
  });

  test.each([
    ["a value", Buffer.from("[profile a]\nk = \xff", "latin1"), "config:2"],
    ["a continuation", Buffer.from("[profile a]\nk = v\n \xc3", "latin1"), "config:3"],
    ["a nested line", Buffer.from("[profile a]\ns3 =\n x = \xed\xa0\x80", "latin1"), "config:3"],
  ])("bytes that are not UTF-8 in %s", (_where, config, place) => {
    expect(syntaxError(() => files(config).profile("a"))).toBe(
      `${place}: the line is not valid UTF-8`,
    );
  });

  test("bytes that are not UTF-8 in a comment or in another section harm nobody", () => {
    const config = Buffer.from(
      "# \xe9\n[profile a] # \xe9\nk = v # \xe9\n[profile b]\nk = \xe9",
      "latin1",
    );
    expect(values(files(config).profile("a"))).toEqual({ k: "v" });
  });

  test("a bad line fails only those who read its section", () => {
    const read = files("[profile a]\nk = v\n[profile b]\nbad\n[profile c\nk = v\n[nobody]\nbad");
    expect(values(read.profile("a"))).toEqual({ k: "v" });
    expect(read.profile("x")).toBeUndefined();
    expect(() => read.profile("b")).toThrow(/config:4/);
    expect(() => read.profile("c")).toThrow(/config:5/);
    expect(read.problems().map(({ line, severity }) => `${line} ${severity}`)).toEqual([
      "4 error",
      "5 error",
      "7 warning",
      "8 error",
    ]);
  });

  test.each([
    ["a setting", "k = v\n[profile a]\nk = v", "config:1"],
    ["an indented line", "#\n k = v\n[profile a]\nk = v", "config:2"],
    ["a line without =", "U2FsdGVkX1\n[profile a]\nk = v", "config:1"],
  ])(
    "%s before the first section fails who asks for what is not there, and nobody else",
    (_what, config, place) => {
      const read = files(config, "[b]\nk = w");
      expect(values(read.profile("a"))).toEqual({ k: "v" });
      expect(values(read.profile("b"))).toEqual({ k: "w" });
      for (const missing of ["profile", "ssoSession", "services"] as const)
        expect(syntaxError(() => read[missing]("x"))).toMatch(
          new RegExp(`^${place}: .*outside any section`),
        );
      expect(read.problems()).toMatchObject([{ severity: "error" }]);
    },
  );

  test("a bad line before the first section of the credentials file is no one's either", () => {
    const read = files("[profile a]\nk = v", "bad\n[b]\nk = w");
    expect(values(read.profile("a"))).toEqual({ k: "v" });
    expect(syntaxError(() => read.profile("x"))).toMatch(/^credentials:1: /);
  });

  test("the good lines of a section can be had without the bad ones", () => {
    const read = files("[default]\n indented = 1\nk = v\nbad\n", "[default]\nw = x\n= y");
    expect(values(read.goodLines("default"))).toEqual({ k: "v", w: "x" });
    expect(read.goodLines("x")).toBeUndefined();
  });

  test("a broken [default] that [profile default] replaces harms nobody", () => {
    const read = files("[default]\nbad\n[profile default]\nk = v");
    expect(values(read.profile("default"))).toEqual({ k: "v" });
  });

  function syntaxError(read: () => unknown): string {
    try {
      read();
    } catch (error) {
      if (isAwsRoleError(error) && error.code === "ERR_CONFIG_SYNTAX" && error.hint !== undefined) {
        return error.message;
      }
      throw error;
    }
    return "no error";
  }
});

describe("what the files say", () => {
  test("nested blocks have their sub-properties, each with its place", () => {
    const s3 = files("[profile a]\ns3 =\n  # c\n  X = 1\n  # y = 2\n  y = 3 ; z\n")
      .profile("a")
      ?.get("s3");
    expect([...(s3?.nested ?? [])]).toEqual([
      ["x", { value: "1", file: "config", line: 4 }],
      ["y", { value: "3", file: "config", line: 6 }],
    ]);
  });

  test("every setting knows its file and line", () => {
    const profile = files("\n[profile a]\r\nk = v\n", "#\n[a]\nl = w").profile("a");
    expect(profile?.get("k")).toEqual({ value: "v", file: "config", line: 3 });
    expect(profile?.get("l")).toEqual({ value: "w", file: "credentials", line: 3 });
  });

  test("a single profile is found the same way whether or not all were listed before", () => {
    const text =
      "[profile ab]\nk = 1\n[default]\nk = 2\n[profile b]\nk = 3\n[profile b]\nl = 4\n[profile default]\nm = 5";
    for (const name of ["ab", "b", "default", "x"]) {
      const listed = files(text);
      listed.profileNames();
      expect(values(files(text).profile(name))).toEqual(values(listed.profile(name)));
    }
  });

  test("sso-sessions and services are told apart from profiles", () => {
    const read = files("[sso-session a]\nk = 1\n[services a]\ns3 =\n x = 2\n[profile a]\nk = 3");
    expect(read.ssoSessionNames()).toEqual(["a"]);
    expect(read.servicesNames()).toEqual(["a"]);
    expect(values(read.ssoSession("a"))).toEqual({ k: "1" });
    expect(values(read.services("a"))).toEqual({ s3: "\nx = 2" });
    expect(values(read.profile("a"))).toEqual({ k: "3" });
  });

  test("the part of the credentials file can be had alone", () => {
    const read = files("[profile a]\nk = v", "[a]\nl = w");
    expect(values(read.credentialsProfile("a"))).toEqual({ l: "w" });
    expect(read.credentialsProfile("b")).toBeUndefined();
  });

  test("lines of a megabyte are read", () => {
    const long = "x".repeat(1024 * 1024);
    const read = files(
      `# ${long}\n[profile a]\nk = ${long}\nspaces = ${" ".repeat(1024 * 1024)}\n${long} = v\n`,
    );
    expect(read.profile("a")?.get("k")?.value).toBe(long);
    expect(read.profile("a")?.get("spaces")?.value).toBe("");
  });

  test("what SDKs pass over is told as a warning", () => {
    const read = files(
      "[a]\n[profile x y]\n[profile b]\n  # c\nk l = v\n[default]\n[profile default]\n",
      "[profile c]\n",
    );
    expect(
      read.problems().map(({ file, line, severity }) => `${file}:${line} ${severity}`),
    ).toEqual([
      "config:1 warning",
      "config:2 warning",
      "config:4 warning",
      "config:5 warning",
      "config:6 warning",
      "credentials:1 warning",
    ]);
  });
});
