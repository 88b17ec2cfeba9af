/** `export --to-credentials-file`: a session for programs that read that file only, and its end. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { missing } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import {
  type Finished,
  type Home,
  privateMode,
  runAwsrole,
  runCommand,
} from "../support/run-awsrole.ts";

let aws: AwsDouble;
let home: Home;
let before: string;
beforeEach(async () => {
  aws = await startAwsDouble();
  home = createRoleHome(aws);
  before = readFileSync(home.credentialsFile, "utf8");
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const run = (
  words: readonly string[],
  clockOffsetSeconds?: { wall: number; uptime: number },
): Promise<Finished> =>
  runAwsrole(words, {
    env: { ...home.env, AWSROLE_STORE: "none" },
    ...(clockOffsetSeconds === undefined ? {} : { clockOffsetSeconds }),
  });
const written = (): string => readFileSync(home.credentialsFile, "utf8");
const exporting = ["export", "prod", "--to-credentials-file"];

/** Programs that read keys of that file. */
const readers = [
  {
    name: "s3cmd",
    version: ["--version"],
    // With a config file of its own it does not look at AWS's.
    wordsFor: (host: string, { path }: Home): string[] => [
      "s3cmd",
      "-c",
      join(path, "none"),
      `--host=${host}`,
      `--host-bucket=${host}`,
      "--no-ssl",
      "ls",
    ],
    env: {},
  },
  {
    name: "restic",
    version: ["version"],
    wordsFor: (host: string): string[] => [
      "restic",
      "--no-cache",
      "-r",
      `s3:http://${host}/bucket`,
      "cat",
      "config",
    ],
    env: { RESTIC_PASSWORD: "x" },
  },
] as const;

describe("export --to-credentials-file", () => {
  it("is removed by logout, whatever else is wrong in the file or with a store", async () => {
    await run(exporting);
    const env = { ...home.env, AWSROLE_STORE: "plaintext" };
    await runAwsrole(["credential-process", "--profile", "prod"], { env });
    appendFileSync(home.credentialsFile, "[old]\nno setting\n");
    const [row = ""] = readdirSync(join(home.path, "state", "awsrole", "items"));
    const file = join(home.path, "state", "awsrole", "items", row);
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(/"store": ?"[^"]+"/, '"store":"keychain"'),
    );
    const { code, stderr } = await run(["logout", "prod"]);
    expect({ code: code === 0, stderr }).toEqual({
      code: false,
      stderr: expect.stringMatching(/^awsrole: .*keychain/),
    });
    expect(readFileSync(home.credentialsFile, "utf8")).not.toContain("aws_session_token");
    expect(readFileSync(home.credentialsFile, "utf8")).toContain("[old]\nno setting\n");
  });

  it("writes a marked session beside what is there, for the owner alone, renews it, and logout takes exactly it away", async () => {
    const { code, stdout, stderr } = await run(exporting);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^wrote a session of prod to \S+ as profile prod-exported \(plain text, valid until \d\d:\d\d, in \d+ min\); awsrole logout prod removes it\n$/,
    );
    const [session] = aws.sessions();
    expect(written().startsWith(before)).toBe(true);
    expect(written()).toContain(
      `[prod-exported]\naws_access_key_id = ${session?.accessKeyId}\naws_secret_access_key = ${session?.secretAccessKey}\naws_session_token = ${session?.sessionToken}\nawsrole_exported_from = prod\nawsrole_exported_until = ${session?.expiresAt.toISOString().replace(".000Z", "Z")}\n`,
    );
    expect(statSync(home.credentialsFile).mode & 0o777).toBe(privateMode.file);
    expect(await run(exporting)).toMatchObject({ code: 0 });
    expect(written().match(/prod-exported/g)).toHaveLength(1);
    expect(written()).not.toContain(String(session?.sessionToken));
    // Another user of the file may add to it; that stays.
    writeFileSync(home.credentialsFile, `${written()}[other]\nkey = value\n`);
    const out = await run(["logout", "prod"]);
    expect(out.stdout).toContain("removed prod-exported from the credentials file\n");
    expect(written()).not.toContain("exported");
    expect(written()).toContain("[other]\nkey = value\n");
  });

  it("gives the file back byte for byte, by logout --all or by any command once the session has ended", async () => {
    await run(exporting);
    await run(["logout", "--all"]);
    expect(written()).toBe(before);
    await run(exporting);
    await run(["list"]);
    expect(written()).toContain("prod-exported");
    await run(["list"], { wall: 3700, uptime: 3700 });
    expect(written()).toBe(before);
  });

  it("follows its profile to a new name, and goes with it", async () => {
    await run(exporting);
    expect(await run(["rename-profile", "prod", "live"])).toMatchObject({ code: 0 });
    expect(written()).toContain("awsrole_exported_from = live\n");
    const removed = await run(["remove-profile", "live"]);
    expect(removed).toMatchObject({ code: 0 });
    expect(removed.stderr).toContain("removed prod-exported from the credentials file\n");
    expect(written()).toBe(before);
  });

  it("names what it means for the Java SDK v1 where the file is new", async () => {
    const source = `[profile bob]\naws_access_key_id = ${aws.bob.accessKeyId}\naws_secret_access_key = ${aws.bob.secretAccessKey}\n`;
    writeFileSync(home.configFile, `${readFileSync(home.configFile, "utf8")}\n${source}`);
    rmSync(home.credentialsFile);
    const { code, stderr } = await run(exporting);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /credentials is new: programs with the AWS SDK for Java v1 now read it in place of/,
    );
    expect(statSync(home.credentialsFile).mode & 0o777).toBe(privateMode.file);
  });

  it("refuses a profile that exists, a file that others can read, a key without an end, and no place to write to", async () => {
    const refused = async (words: readonly string[], code: number, message: RegExp) => {
      const kept = written();
      const finished = await run(words);
      expect(finished).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
      expect(written()).toBe(kept);
    };
    await refused(
      ["export", "prod"],
      2,
      /^awsrole: export: --to-credentials-file is required\nawsrole: hint: usage: /,
    );
    await refused(["export", "--to-credentials-file"], 2, /missing required argument NAME/);
    for (const name of ["prod", "bob"])
      await refused([...exporting, "--as", name], 1, /there is a profile \w+ already\n.*--as NAME/);
    await refused([...exporting, "--as", "a b"], 2, /the name /);
    await refused(["export", "nope", "--to-credentials-file"], 1, /profile nope not found/);
    await run(["export", "prod", "--to-credentials-file", "--as", "mine"]);
    await refused(
      ["export", "bob", "--to-credentials-file", "--as", "mine"],
      1,
      /a profile mine already/,
    );
    chmodSync(home.credentialsFile, 0o640);
    await refused(exporting, 1, /other users can read \S+\nawsrole: hint: chmod 600 /);
    expect(aws.callsOf("AssumeRole")).toHaveLength(1);
  });

  it.for(readers.map((reader) => ({ ...reader, reason: missing(reader.name, reader.version) })))(
    "is what $name signs with, which runs no credential_process",
    async ({ wordsFor, env, reason }, { skip }) => {
      skip(reason !== undefined, reason);
      const seen: string[] = [];
      const s3: Server = createServer((request, response) => {
        seen.push(
          `${request.headers.authorization} ${String(request.headers["x-amz-security-token"])}`,
        );
        response.statusCode = 404;
        response.end("<Error><Code>NoSuchBucket</Code></Error>");
      });
      await new Promise<void>((resolve) => s3.listen(0, "127.0.0.1", resolve));
      try {
        await run(exporting);
        const host = `127.0.0.1:${(s3.address() as AddressInfo).port}`;
        const { stderr } = await runCommand(wordsFor(host, home), {
          env: { ...home.env, AWS_PROFILE: "prod-exported", ...env },
        });
        const [session] = aws.sessions();
        expect(seen.length, stderr).toBeGreaterThan(0);
        expect(seen[0]).toContain(`Credential=${session?.accessKeyId}/`);
        expect(seen[0]).toContain(session?.sessionToken);
      } finally {
        s3.close();
        s3.closeAllConnections();
      }
    },
  );

  it("writes nothing where AWS refuses", async () => {
    aws.behave({
      only: ["AssumeRole"],
      refuse: { status: 403, code: "AccessDenied", message: "no" },
    });
    expect(await run(exporting)).toMatchObject({ code: 1, stdout: "" });
    expect(written()).toBe(before);
    expect(existsSync(join(home.path, "state/awsrole/exports.json"))).toBe(false);
  });
});
