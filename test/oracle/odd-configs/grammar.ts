/** Odd but legal lines, and lines that one of the two readers refuses. */
import { arn, base, fromBase, keys, p, process, profile, region, rows } from "./pieces.ts";

const role = [arn("R"), "source_profile = base", region] as const;
const withHeader = (header: string): string => `${header}\n${role.join("\n")}\n${base}`;
const withLine = (line: string): string => p(line, "source_profile = base", region) + base;

export const headers = rows("header", [
  ["as it should be", fromBase],
  ["space before the name's bracket", withHeader("[profile p ]")],
  ["space after the first bracket", withHeader("[ profile p]")],
  ["two spaces between", withHeader("[profile  p]")],
  ["a tab between", withHeader("[profile\tp]")],
  ["tab and space between", withHeader("[profile \t p]")],
  ["spaces behind", withHeader("[profile p]   ")],
  ["a comment after", withHeader("[profile p] # mine")],
  ["a comment after, without a space", withHeader("[profile p]# mine")],
  ["a semicolon comment behind", withHeader("[profile p] ; mine")],
  ["a comment with a bracket behind", withHeader("[profile p] # [x]")],
  ["quoted", withHeader('[profile "p"]')],
  ["quoted once", withHeader("[profile 'p']")],
  ["wholly quoted", withHeader('["profile p"]')],
  ["capital", withHeader("[Profile p]")],
  ["all capitals", withHeader("[PROFILE p]")],
  ["capital name", withHeader("[profile P]")],
  ["without the word profile", withHeader("[p]")],
  ["no closing bracket", withHeader("[profile p")],
  ["two closing brackets", withHeader("[profile p]]")],
  ["indented", withHeader("  [profile p]")],
  ["indented, behind a setting", `[default]\nregion = us-east-1\n  ${withHeader("[profile p]")}`],
  ["text behind", withHeader("[profile p] mine")],
  ["empty profile above with the name as prefix", `[profile pp]\n${withHeader("[profile p]")}`],
  ["twice, other keys", p(arn("R")) + base + p("source_profile = base", region)],
  ["twice, the same key", p(...role) + p("region = us-east-1") + base],
  ["profile: no space", withHeader("[profilep]")],
  ["an empty header before", `[]\n${withHeader("[profile p]")}`],
  ["a header with only profile", `[profile]\nregion = us-east-1\n${withHeader("[profile p]")}`],
  ["a name with three words elsewhere", `[profile a b c]\nx = y\n${withHeader("[profile p]")}`],
  ["an unknown prefix elsewhere", `[plugins]\ncli_legacy = x\n${withHeader("[profile p]")}`],
  ["unknown prefix with the name", `[thing p]\nregion = us-east-1\n${withHeader("[profile p]")}`],
  ["dotted names", p(arn("R"), "source_profile = a.b", region) + profile("a.b", keys("DOT"))],
  [
    "a source with @ and +",
    p(arn("R"), "source_profile = a+b@c", region) + profile("a+b@c", keys("AT")),
  ],
  [
    "a source with a slash",
    p(arn("R"), "source_profile = a/b", region) + profile("a/b", keys("SLASH")),
  ],
  [
    "a source with a colon",
    p(arn("R"), "source_profile = a:b", region) + profile("a:b", keys("COLON")),
  ],
  [
    "a source with %",
    p(arn("R"), "source_profile = a%b", region) + profile("a%b", keys("PERCENT")),
  ],
  [
    "a source with a space, quoted in its header",
    p(arn("R"), "source_profile = a b", region) + profile("'a b'", keys("SPACE")),
  ],
  ["a source named in other case", p(arn("R"), "source_profile = Base", region) + base],
  [
    "[default] as source",
    p(arn("R"), "source_profile = default", region) + `[default]\n${keys("DEF")}\n`,
  ],
  [
    "[profile default] as source",
    p(arn("R"), "source_profile = default", region) + profile("default", keys("DEF")),
  ],
  [
    "[default] and [profile default]: the latter last",
    p(arn("R"), "source_profile = default", region) +
      `[default]\n${keys("ONE")}\n` +
      profile("default", keys("TWO")),
  ],
  [
    "[default] and [profile default]: the latter first",
    p(arn("R"), "source_profile = default", region) +
      profile("default", keys("TWO")) +
      `[default]\n${keys("ONE")}\n`,
  ],
]);

export const lines = rows("line", [
  ["no spaces around =", withLine("role_arn=arn:aws:iam::123456789012:role/R")],
  ["many spaces around =", withLine("role_arn   =   arn:aws:iam::123456789012:role/R   ")],
  ["tabs around =", withLine("role_arn\t=\tarn:aws:iam::123456789012:role/R\t")],
  ["capital key", withLine("Role_Arn = arn:aws:iam::123456789012:role/R")],
  ["key all capitals", withLine("ROLE_ARN = arn:aws:iam::123456789012:role/R")],
  ["a colon for =", withLine("role_arn : arn:aws:iam::123456789012:role/R")],
  ["key with a dash", withLine(`${arn("R")}\nsource-profile = other`)],
  ["= in the value", p(arn("R"), "source_profile = base", region, "external_id = a=b=c") + base],
  ["a hash in the value", p(arn("R"), "source_profile = base", region, "external_id = a#b") + base],
  [
    "a hash behind a space",
    p(arn("R"), "source_profile = base", region, "external_id = ab #c") + base,
  ],
  [
    "a semicolon behind a space",
    p(arn("R"), "source_profile = base", region, "external_id = ab ;c") + base,
  ],
  [
    "a tab and a hash",
    p(arn("R"), "source_profile = base", region, "external_id = ab\t# c") + base,
  ],
  [
    "comment behind the region",
    p(arn("R"), "source_profile = base", "region = eu-west-1 # Ireland") + base,
  ],
  ["comment behind the source", p(arn("R"), "source_profile = base # mine", region) + base],
  ["comment behind the role", p(`${arn("R")} ; admin`, "source_profile = base", region) + base],
  [
    "double quotes around a value",
    p(`role_arn = "arn:aws:iam::123456789012:role/R"`, "source_profile = base", region) + base,
  ],
  ["quotes around the source", p(arn("R"), 'source_profile = "base"', region) + base],
  ["quotes around the region", p(arn("R"), "source_profile = base", 'region = "eu-west-1"') + base],
  [
    "single quotes around an external id",
    p(arn("R"), "source_profile = base", region, "external_id = 'abc'") + base,
  ],
  ["the same key twice", p(arn("R"), arn("S"), "source_profile = base", region) + base],
  [
    "the same key twice, in other case",
    p(arn("R"), "source_profile = base", region, "Region = us-east-1") + base,
  ],
  ["an empty value", p(arn("R"), "source_profile = base", region, "external_id =") + base],
  ["an empty region", p(arn("R"), "source_profile = base", "region =") + base],
  ["an empty source", p(arn("R"), "source_profile =", region) + base],
  ["an empty role", p("role_arn =", "source_profile = base", region) + base],
  ["no = in a line", p(...role, "hello") + base],
  ["no = in a line of another profile", fromBase + profile("q", "hello")],
  ["no key before =", p(...role, "= x") + base],
  ["a line outside any section", `x = y\n${fromBase}`],
  ["a comment outside any section", `# mine\n; mine too\n${fromBase}`],
  ["blank lines everywhere", `\n\n${fromBase.replaceAll("\n", "\n\n")}`],
  ["no line feed at the end", fromBase.trimEnd()],
  ["carriage returns", fromBase.replaceAll("\n", "\r\n")],
  [
    "carriage returns in one line only",
    fromBase.replace("region = eu-west-1\n", "region = eu-west-1\r\n"),
  ],
  ["a byte order mark", `\ufeff${fromBase}`],
  ["an indented comment", p(arn("R"), "  # mine", "source_profile = base", region) + base],
  ["an indented comment right below the header", p("  # mine", ...role) + base],
  ["an indented setting", p(arn("R"), "source_profile = base", "  region = eu-west-1") + base],
  ["all settings indented", p(...role.map((line) => `  ${line}`)) + base],
  ["all settings indented by a tab", p(...role.map((line) => `\t${line}`)) + base],
  [
    "all settings of the source indented",
    p(...role) +
      profile(
        "base",
        ...keys("BASE")
          .split("\n")
          .map((line) => `    ${line}`),
      ),
  ],
  [
    "a continued value",
    p(arn("R"), "source_profile = base", region, "external_id = abc\n  def") + base,
  ],
  [
    "a continued role",
    p("role_arn = arn:aws:iam::123456789012:role/\n  R", "source_profile = base", region) + base,
  ],
  [
    "a nested block",
    p(...role, "s3 =\n  max_concurrent_requests = 3\n  addressing_style = path") + base,
  ],
  [
    "a nested block with role keys",
    p(...role, "s3 =\n  role_arn = arn:aws:iam::123456789012:role/S\n  region = us-east-1") + base,
  ],
  ["a nested block below a blank line", p(...role, "s3 =\n\n  max_concurrent_requests = 3") + base],
  ["a nested line without =", p(...role, "s3 =\n  hello") + base],
  [
    "a comment in a nested block",
    p(...role, "s3 =\n  # mine\n  max_concurrent_requests = 3") + base,
  ],
  ["unknown keys", p(...role, "foo = bar", "cli_pager = less", "output = json") + base],
  ["a key with a dot", p(...role, "a.b = c") + base],
  ["a key with a space", p(...role, "a b = c") + base],
  ["umlauts in a comment", `# für Jürgen\n${fromBase}`],
  ["umlauts in a value", p(...role, "foo = Jürgen") + base],
  [
    "no-break space behind the region",
    p(arn("R"), "source_profile = base", "region = eu-west-1\u00a0") + base,
  ],
  ["a % in the external id", p(...role, "external_id = a%(b)s") + base],
  ["a $ in the external id", p(...role, "external_id = $HOME") + base],
  ["a backslash in the value", p(...role, "foo = a\\nb") + base],
  ["a very long line", p(...role, `foo = ${"x".repeat(100_000)}`) + base],
  ["only carriage returns", fromBase.replaceAll("\n", "\r")],
  ["form feeds between", fromBase.replace("source_profile", "\fsource_profile")],
  ["a process with a comment", p(`${process()} # mine`, region)],
  ["a process with # inside a word", p(process("a#b"), region)],
  ["a process over two lines", p(`${process("a")}\n  b c`, region)],
  ["an empty file", ""],
  ["a config that is only comments", "# nothing\n"],
]);
