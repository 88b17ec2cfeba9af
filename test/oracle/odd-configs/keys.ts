/** Access keys in files, and processes that print credentials. */
import {
  keys,
  p,
  process,
  profile,
  region,
  rows,
  ssoRole,
  ssoSession,
  ssoToken,
} from "./pieces.ts";

const cred = (...lines: readonly string[]): { credentials: string } => ({
  credentials: `[p]\n${lines.join("\n")}\n`,
});
const token = "aws_session_token = token/config";

export const staticKeys = rows("key", [
  ["in config", p(keys("ONE"), region)],
  ["in the credentials file", "", cred(keys("ONE"))],
  ["with a token in config", p(keys("ONE"), token, region)],
  ["with a token in the credentials file", "", cred(keys("ONE"), "aws_session_token = t")],
  ["in both files", p(keys("ONE"), region), cred(keys("TWO"))],
  ["in both files, a token in config", p(keys("ONE"), token, region), cred(keys("TWO"))],
  [
    "in both files, a token in the credentials file",
    p(keys("ONE"), region),
    cred(keys("TWO"), "aws_session_token = t"),
  ],
  [
    "id in config, secret in credentials",
    p("aws_access_key_id = AKIAONE", region),
    cred("aws_secret_access_key = s"),
  ],
  [
    "secret in config, id in credentials",
    p("aws_secret_access_key = s", region),
    cred("aws_access_key_id = AKIATWO"),
  ],
  [
    "a whole key in config, the secret in credentials",
    p(keys("ONE"), region),
    cred("aws_secret_access_key = other"),
  ],
  [
    "a whole key in config, the id in credentials",
    p(keys("ONE"), region),
    cred("aws_access_key_id = AKIATWO"),
  ],
  [
    "a whole key in config, a token in credentials",
    p(keys("ONE"), region),
    cred("aws_session_token = t"),
  ],
  ["half a key: the id", p("aws_access_key_id = AKIAONE", region)],
  ["half a key: the secret", p("aws_secret_access_key = s", region)],
  ["half a key in credentials", "", cred("aws_access_key_id = AKIAONE")],
  ["an empty secret", p("aws_access_key_id = AKIAONE", "aws_secret_access_key =", region)],
  ["an empty id", p("aws_access_key_id =", "aws_secret_access_key = s", region)],
  ["an empty token", p(keys("ONE"), "aws_session_token =", region)],
  ["capitals in config", p("AWS_ACCESS_KEY_ID = AKIAONE", "AWS_SECRET_ACCESS_KEY = s", region)],
  ["capitals in credentials", "", cred("AWS_ACCESS_KEY_ID = AKIAONE", "AWS_SECRET_ACCESS_KEY = s")],
  ["mixed capitals", p("Aws_Access_Key_Id = AKIAONE", "Aws_Secret_Access_Key = s", region)],
  ["aws_security_token", p(keys("ONE"), "aws_security_token = t", region)],
  ["both tokens", p(keys("ONE"), "aws_security_token = old", token, region)],
  ["aws_account_id in config", p(keys("ONE"), "aws_account_id = 210987654321", region)],
  ["aws_account_id in credentials", "", cred(keys("ONE"), "aws_account_id = 210987654321")],
  [
    "aws_account_id in config, key in credentials",
    p("aws_account_id = 210987654321", region),
    cred(keys("ONE")),
  ],
  [
    "a secret with / and +",
    p("aws_access_key_id = AKIAONE", "aws_secret_access_key = a/b+c==", region),
  ],
  [
    "a secret with a hash",
    p("aws_access_key_id = AKIAONE", "aws_secret_access_key = ab#cd", region),
  ],
  [
    "a secret with spaces behind",
    p("aws_access_key_id = AKIAONE", "aws_secret_access_key = abc   ", region),
  ],
  ["a secret in quotes", p("aws_access_key_id = AKIAONE", 'aws_secret_access_key = "abc"', region)],
  [
    "a secret with a comment",
    p("aws_access_key_id = AKIAONE", "aws_secret_access_key = abc # mine", region),
  ],
  [
    "x_security_token and other people's keys",
    p(keys("ONE"), "x_security_token_expires = 2020-01-01T00:00:00Z", region),
  ],
  [
    "aws_expiration in the past",
    "",
    cred(keys("ONE"), "aws_session_token = t", "aws_expiration = 2020-01-01T00:00:00Z"),
  ],
  ["[default] in credentials only", "", { credentials: `[default]\n${keys("DEF")}\n` }],
  ["the profile's section is empty", p()],
  ["only settings", p(region, "output = json")],
]);

const legacySso =
  "sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n" + ssoRole;
export const mixtures = rows("mixture", [
  ["keys and a process in config", p(keys("ONE"), process(), region)],
  ["keys in credentials, a process in config", p(process(), region), cred(keys("ONE"))],
  ["keys and a process in credentials", "", cred(keys("ONE"), process())],
  ["keys in config, a process in credentials", p(keys("ONE"), region), cred(process())],
  [
    "half a key in credentials and a process",
    p(process(), region),
    cred("aws_access_key_id = AKIAHALF"),
  ],
  ["half a key in config and a process", p(process(), region, "aws_access_key_id = AKIAHALF")],
  [
    "SSO and a process",
    p(legacySso, process(), region),
    { files: ssoToken("https://corp.awsapps.com/start") },
  ],
  [
    "SSO and keys in config",
    p(legacySso, keys("ONE"), region),
    { files: ssoToken("https://corp.awsapps.com/start") },
  ],
  [
    "SSO and keys in credentials",
    p(legacySso, region),
    { ...cred(keys("ONE")), files: ssoToken("https://corp.awsapps.com/start") },
  ],
  [
    "SSO by session and keys in credentials",
    p("sso_session = corp", ssoRole, region) + ssoSession("corp"),
    { ...cred(keys("ONE")), files: ssoToken("corp") },
  ],
  ["SSO without a token and a process", p(legacySso, process(), region)],
  [
    "login and a process",
    p("login_session = arn:aws:iam::123456789012:user/bob", process(), region),
  ],
  [
    "login and keys in config",
    p("login_session = arn:aws:iam::123456789012:user/bob", keys("ONE"), region),
  ],
  [
    "login and keys in credentials",
    p("login_session = arn:aws:iam::123456789012:user/bob", region),
    cred(keys("ONE")),
  ],
  [
    "an sso_session alone and keys",
    p("sso_session = corp", keys("ONE"), region) + ssoSession("corp"),
  ],
  [
    "an sso_session alone and a process",
    p("sso_session = corp", process(), region) + ssoSession("corp"),
  ],
  ["a process in the credentials file only", "", cred(process())],
  ["a process in both files", p(process("CONFIG"), region), cred(process("CRED"))],
  [
    "mfa_serial and a process",
    p(process(), "mfa_serial = arn:aws:iam::123456789012:mfa/bob", region),
  ],
  ["mfa_serial and keys", p(keys("ONE"), "mfa_serial = arn:aws:iam::123456789012:mfa/bob", region)],
  [
    "role settings without a role",
    p(
      keys("ONE"),
      "external_id = abc",
      "role_session_name = bob",
      "duration_seconds = 900",
      region,
    ),
  ],
  [
    "awsrole's comment keys of other tools",
    p(process(), "granted_color = red", "include_profile = q", region) + profile("q", keys("Q")),
  ],
]);

const out = (text: string): string => p(process(`out '${text}'`), region);
const answer = (more: string): string =>
  `{"Version":1,"AccessKeyId":"AKIAOUT","SecretAccessKey":"s"${more}}`;
export const processes = rows("process", [
  ["words", p(process("A b c"), region)],
  ["double quotes", p(process('A "b c" d'), region)],
  ["single quotes", p(process("A 'b c' d"), region)],
  ["quotes inside a word", p(process('A b"c d"e'), region)],
  ["empty words", p(process(`A "" ''`), region)],
  ["a backslash before a space", p(process("A b\\ c"), region)],
  ["a backslash in double quotes", p(process('A "b\\"c" "d\\e"'), region)],
  ["a backslash in single quotes", p(process("A 'b\\c'"), region)],
  ["a dollar", p(process("A $HOME"), region)],
  ["a tilde", p("credential_process = ~/bin/process A", region)],
  ["a tilde in a word", p(process("A ~/x"), region)],
  ["a pipe", p(process("A | cat"), region)],
  ["a semicolon", p(process("A;echo"), region)],
  ["two &", p(process("A && echo b"), region)],
  ["a star", p(process("A *"), region)],
  ["an open quote", p(process("A 'b"), region)],
  ["a bare name on the PATH", p("credential_process = process A", region)],
  ["a program that is not there", p("credential_process = @HOME@/bin/nothing A", region)],
  ["a program that fails", p(process("fail"), region)],
  ["quotes around the program", p('credential_process = "@HOME@/bin/process" A', region)],
  ["quotes around all", p('credential_process = "@HOME@/bin/process A"', region)],
  ["no-break space and em space", p(process("A\u00a0b c\u2003d"), region)],
  ["tabs between", p(process("A\tb\t\tc"), region)],
  ["a hash word", p(process("A #b"), region)],
  ["an umlaut", p(process("Ä"), region)],
  ["long-term keys out", out(answer(""))],
  ["a token and no end", out(answer(',"SessionToken":"t"'))],
  ["an end in the past", out(answer(',"SessionToken":"t","Expiration":"2020-01-01T00:00:00Z"'))],
  [
    "an end with an offset",
    out(answer(',"SessionToken":"t","Expiration":"2099-01-01T00:00:00+02:00"')),
  ],
  [
    "an end with milliseconds",
    out(answer(',"SessionToken":"t","Expiration":"2099-01-01T00:00:00.500Z"')),
  ],
  ["an end without a zone", out(answer(',"SessionToken":"t","Expiration":"2099-01-01T00:00:00"'))],
  ["an empty end", out(answer(',"SessionToken":"t","Expiration":""'))],
  ["an end that is null", out(answer(',"SessionToken":"t","Expiration":null'))],
  ["an end that is no time", out(answer(',"Expiration":"soon"'))],
  ["an end that is a number", out(answer(',"Expiration":4070908800'))],
  ["an account id", out(answer(',"AccountId":"210987654321"'))],
  [
    "an account id in the profile",
    p(process(`out '${answer("")}'`), "aws_account_id = 210987654321", region),
  ],
  [
    "an account id in both",
    p(
      process(`out '${answer(',"AccountId":"111122223333"')}'`),
      "aws_account_id = 210987654321",
      region,
    ),
  ],
  ["version 2", out('{"Version":2,"AccessKeyId":"AKIAOUT","SecretAccessKey":"s"}')],
  ["version as a word", out('{"Version":"1","AccessKeyId":"AKIAOUT","SecretAccessKey":"s"}')],
  ["no version", out('{"AccessKeyId":"AKIAOUT","SecretAccessKey":"s"}')],
  ["version 1.0", out('{"Version":1.0,"AccessKeyId":"AKIAOUT","SecretAccessKey":"s"}')],
  ["no secret", out('{"Version":1,"AccessKeyId":"AKIAOUT"}')],
  ["an empty secret", out('{"Version":1,"AccessKeyId":"AKIAOUT","SecretAccessKey":""}')],
  ["no id", out('{"Version":1,"SecretAccessKey":"s"}')],
  ["an id that is null", out('{"Version":1,"AccessKeyId":null,"SecretAccessKey":"s"}')],
  ["keys in other case", out('{"version":1,"accessKeyId":"AKIAOUT","secretAccessKey":"s"}')],
  ["unknown keys", out(answer(',"Foo":{"a":[1]}'))],
  ["a list", out("[]")],
  ["nothing", out("")],
  ["no JSON", out("hello")],
  ["JSON behind a line", p(process(`out 'hello\n${answer("")}'`), region)],
  ["a token that is empty", out(answer(',"SessionToken":""'))],
  ["a token that is null", out(answer(',"SessionToken":null'))],
  ["a token that is a number", out(answer(',"SessionToken":5'))],
]);
