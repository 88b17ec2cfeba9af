/**
 * `npm run measure-programs [PROGRAM…]`: gets what can be had of the programs in `rows.ts`, runs each with a profile of awsrole's, by `exec`
 * and by `exec --serve`, against an AWS and an S3 on the loopback, and writes what was seen, with the day, to measured.json. A program that
 * cannot be had keeps what was seen before. `--built` takes them as an earlier run left them.
 *
 * A program has the credentials when a request reaches the S3, or its output names a key, that the role's session has.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startAwsDouble } from "../../test/support/aws-double.ts";
import { createRoleHome } from "../../test/support/role-home.ts";
import { program as awsrole } from "../../test/support/run-awsrole.ts";
import { type Program, programs, programsFolder } from "./programs.ts";
import type { Seen } from "./rows.ts";

const file = join(process.cwd(), "scripts", "measure-programs", "measured.json");

mkdirSync(programsFolder, { recursive: true });
const aws = await startAwsDouble();
const keys: string[] = [];
const s3 = createServer((request, answer) => {
  const key = /Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1];
  if (key !== undefined) keys.push(key);
  request.resume();
  answer.writeHead(200, { "content-type": "application/xml" });
  answer.end(
    '<?xml version="1.0"?><ListAllMyBucketsResult><Owner><ID>1</ID></Owner><Buckets/></ListAllMyBucketsResult>',
  );
});
await new Promise<void>((resolve) => s3.listen(0, "127.0.0.1", resolve));
const host = `127.0.0.1:${(s3.address() as AddressInfo).port}`;

const home = createRoleHome(aws);
const own = awsrole.join(" ");
const spaced = join(home.path, "my tools");
mkdirSync(spaced);
symlinkSync(awsrole[0] ?? "", join(spaced, "node"));
const managed = (name: string, line: string, source = "bob"): string =>
  `[profile ${name}]\ncredential_process = ${line} credential-process --profile ${name}\nregion = eu-west-1\nawsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = ${source}\n`;
writeFileSync(
  home.configFile,
  [
    managed("prod", own),
    managed("a+b@c.d", own),
    managed("space", `"${join(spaced, "node")}" ${awsrole.slice(1).join(" ")}`),
    managed("broken", own, "no-such-source"),
  ].join(""),
);

/** Runs it to its end, 40 s at most; true where it had a session's key. */
async function tryIt(
  program: Program,
  { profile, through = [] }: { readonly profile?: string; readonly through?: readonly string[] },
): Promise<{ readonly isSigned: boolean; readonly text: string }> {
  keys.length = 0;
  const [word = "", ...words] = [...through, ...program.words(host)];
  const child = spawn(word, words, {
    env: {
      ...home.env,
      PATH: process.env["PATH"],
      ...program.env?.(host),
      AWSROLE_STORE: "none",
      AWS_EC2_METADATA_DISABLED: "true",
      ...(profile === undefined ? {} : { AWS_PROFILE: profile, AWS_SDK_LOAD_CONFIG: "1" }),
    },
    cwd: home.path,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (more: string) => (text += more));
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      console.error(`${program.name} did not end: ${[word, ...words].join(" ")}`);
      process.kill(-(child.pid ?? 0), "SIGKILL");
    }, 40_000);
    child.once("error", () => resolve());
    child.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  const isSession = (key: string): boolean => key.startsWith("ASIA");
  return { isSigned: keys.some(isSession) || /^(?:ok )?ASIA\w+$/m.test(text), text };
}

const measured = JSON.parse(readFileSync(file, "utf8")) as Record<string, Seen>;
const isBuilt = process.argv.includes("--built");
const wanted = process.argv.slice(2).filter((word) => word !== "--built");
try {
  for (const program of programs) {
    if (wanted.length > 0 && !wanted.includes(program.name)) continue;
    let version: string;
    try {
      if (!isBuilt) program.get?.();
      version = program.version();
    } catch (error) {
      console.error(`${program.name} cannot be had here: ${String(error)}`);
      continue;
    }
    const says = (isSigned: boolean): "yes" | "no" => (isSigned ? "yes" : "no");
    const process_ = (await tryIt(program, { profile: "prod" })).isSigned;
    const broken = await tryIt(program, { profile: "broken" });
    const seen: Seen = {
      version,
      date: new Date().toISOString().slice(0, 10),
      process: says(process_),
      dots: process_ ? says((await tryIt(program, { profile: "a+b@c.d" })).isSigned) : "–",
      space: process_ ? says((await tryIt(program, { profile: "space" })).isSigned) : "–",
      reason: process_ ? says(broken.text.includes("no-such-source")) : "–",
      exec: says((await tryIt(program, { through: [...awsrole, "exec", "prod", "--"] })).isSigned),
      serve: says(
        (await tryIt(program, { through: [...awsrole, "exec", "prod", "--serve", "--"] })).isSigned,
      ),
    };
    measured[program.name] = seen;
    console.error(`${program.name} ${JSON.stringify(seen)}`);
  }
} finally {
  await aws.close();
  s3.close();
  await home.remove();
}
writeFileSync(file, `${JSON.stringify(measured, undefined, 2)}\n`);
