/** What another user of the machine owns, and the program would rely on: a bus, a program, the runtime folder. A real second user attacks. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, program, runAwsrole } from "../support/run-awsrole.ts";
import {
  commandAs,
  giveTo,
  noOtherUser,
  rootsFolder,
  runAs,
  users,
} from "../support/other-user.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

let sts: AwsDouble;
let home: Home;
beforeAll(async () => {
  sts = await startAwsDouble();
});
afterAll(() => sts.close());
beforeEach(() => {
  home = createRoleHome(sts);
});
afterEach(() => home.remove());

const run = (words: string, more: NodeJS.ProcessEnv = {}, stdin = "") =>
  runAwsrole(words.split(" "), { env: { ...home.env, ...more }, stdin });
const callsOf = (action: string): number =>
  sts.requests.filter((request) => request.action === action).length;

/** Starts `node` on this script as another user. Resolves at the first line on its stdout, which says that it is ready. */
async function attack(
  script: string,
  word: string,
): Promise<{ readonly child: ChildProcess; readonly lines: () => readonly string[] }> {
  const [file = "", ...words] = commandAs(users.thief, [process.execPath, "-e", script, word]);
  const child = spawn(file, words, { cwd: "/", stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject).once("exit", (code) => reject(new Error(`it ended with ${code}`)));
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve();
    });
  });
  return { child, lines: () => text.split("\n").slice(0, -1) };
}

describe.skipIf(noOtherUser !== undefined)(titled("another user", noOtherUser), () => {
  /** Where everybody can make files, as in /tmp. */
  let shared: string;
  beforeEach(() => {
    shared = mkdtempSync(join(tmpdir(), "awsrole-shared-"));
    chmodSync(shared, 0o1777);
  });
  afterEach(() => rmSync(shared, { recursive: true, force: true }));

  describe("who listens where the session's bus is looked for", () => {
    /** Lets in all who come, as a bus does, and tells what it was sent. */
    const listen = `
      require("net").createServer((client) => client.on("error", () => {}).on("data", (bytes) => {
        console.log("was sent " + bytes.toString("latin1").replace(/\\W+/g, " "));
        client.write("DATA\\r\\nOK 0123456789abcdef\\r\\n");
      })).listen(process.argv[1].replace("@", "\\0"), () => console.log("listening"));`;

    it.each<readonly [string, { XDG_RUNTIME_DIR?: string; DBUS_SESSION_BUS_ADDRESS?: string }]>([
      ["in an XDG_RUNTIME_DIR that all share", { XDG_RUNTIME_DIR: "SHARED" }],
      [
        "at the address of a session that has ended",
        { DBUS_SESSION_BUS_ADDRESS: "unix:path=SHARED/bus" },
      ],
      ["at an abstract address", { DBUS_SESSION_BUS_ADDRESS: "unix:abstract=SHARED/bus" }],
    ])("%s, is sent nothing", async (_title, variables) => {
      const isAbstract = variables.DBUS_SESSION_BUS_ADDRESS?.includes("abstract") === true;
      const socket = join(shared, "bus");
      const { child, lines } = await attack(listen, isAbstract ? `@${socket}` : socket);
      try {
        const env = Object.fromEntries(
          Object.entries({ DBUS_SESSION_BUS_ADDRESS: "", ...variables }).map(([name, value]) => [
            name,
            value.replace("SHARED", shared),
          ]),
        );
        const why = isAbstract
          ? `the abstract socket ${socket} has no owner to check`
          : `${socket} belongs to another user (uid ${users.thief})`;
        expect(await run("credential-process --profile prod", env)).toMatchObject({
          code: 0,
          stderr: "",
        });
        const { code, stderr } = await run("whoami prod", env);
        expect(code).toBe(0);
        expect(stderr).toContain(why);
        const key = `${sts.bob.accessKeyId}\n${sts.bob.secretAccessKey}\n`;
        const added = await run("add-key deployer", env, key);
        expect(added).toMatchObject({ code: 1, stdout: "" });
        expect(added.stderr).toContain(why);
        const found = await run("doctor --json", env);
        const { findings } = JSON.parse(found.stdout) as {
          findings: { id: string; what: string }[];
        };
        expect(findings.filter(({ id }) => id === "bus-refused")).toEqual([
          expect.objectContaining({ what: expect.stringContaining(why) }),
        ]);
        expect(lines()).toEqual(["listening"]);
      } finally {
        child.kill();
      }
    });
  });

  describe("whose program a credential_process line would start", () => {
    /** As /opt: not writable for others. */
    let opt: string;
    beforeEach(() => {
      opt = mkdtempSync(join(rootsFolder, "awsrole-opt-"));
      chmodSync(opt, 0o755);
    });
    afterEach(() => rmSync(opt, { recursive: true, force: true }));
    const theirs = `awsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = bob\nregion = eu-west-1\n`;

    /** Three ways in which the program is theirs: the folder, a link between two of ours, a group that they are in. */
    const ways: readonly (readonly [
      title: string,
      make: () => { program: string; why: string },
    ])[] = [
      [
        "in their own folder",
        () => {
          mkdirSync(join(opt, "app"));
          writeFileSync(join(opt, "app/awsrole"), "#!/bin/sh\necho theirs\n", { mode: 0o755 });
          chownSync(join(opt, "app"), users.thief, users.thief);
          return {
            program: join(opt, "app/awsrole"),
            why: `${opt}/app belongs to another user (uid ${users.thief})`,
          };
        },
      ],
      [
        "behind a link in a folder that all can write",
        () => {
          mkdirSync(join(opt, "safe"));
          writeFileSync(join(opt, "safe/awsrole"), "#!/bin/sh\n", { mode: 0o755 });
          mkdirSync(join(opt, "open"));
          chmodSync(join(opt, "open"), 0o777);
          symlinkSync("../safe/awsrole", join(opt, "open/awsrole"));
          symlinkSync("open/awsrole", join(opt, "awsrole"));
          return {
            program: join(opt, "awsrole"),
            why: `${opt}/open can be written by every user`,
          };
        },
      ],
      [
        "in a folder of a group that they are in",
        () => {
          mkdirSync(join(opt, "app"));
          writeFileSync(join(opt, "app/awsrole"), "#!/bin/sh\n", { mode: 0o755 });
          chownSync(join(opt, "app"), 0, users.thief);
          chmodSync(join(opt, "app"), 0o775);
          return {
            program: join(opt, "app/awsrole"),
            why: `${opt}/app can be written by the group ${users.thief}`,
          };
        },
      ],
    ];

    it.each(ways)("%s: no command writes it, and doctor finds and replaces it", async (_, make) => {
      const { program: path, why } = make();
      const before = readFileSync(home.configFile, "utf8");
      for (const words of [
        `add-profile x --source-profile bob --role-arn ${sts.role.arn} --command ${path}`,
        `edit-profile prod --command ${path}`,
      ]) {
        const { code, stderr } = await run(words);
        expect(code).toBe(2);
        expect(stderr).toContain(`could be replaced by another user: ${why}`);
      }
      expect(readFileSync(home.configFile, "utf8")).toBe(before);

      const line = `credential_process = ${path} credential-process --profile prod\n`;
      writeFileSync(home.configFile, `[profile prod]\n${line}${theirs}`);
      const { stdout, code } = await run("doctor prod --json");
      expect(code).toBe(1);
      const { findings } = JSON.parse(stdout) as { findings: { id: string; what: string }[] };
      expect(findings).toContainEqual(
        expect.objectContaining({
          id: "program-unreliable",
          what: `${path} could be replaced by another user: ${why}`,
        }),
      );
      await run("doctor prod --fix --force");
      const fixed = readFileSync(home.configFile, "utf8");
      expect(fixed).not.toContain(path);
      expect(fixed).toContain(`credential_process = ${program.join(" ")} credential-process`);
    });

    it("is found by doctor in another program's line and in mfa_process, without the rest of the command", async () => {
      const [, make] = ways[0] ?? [];
      const { program: path, why } = make?.() ?? { program: "", why: "" };
      const secret = "hunter2hunter2";
      writeFileSync(
        home.configFile,
        `[profile other]\ncredential_process = ${path} --password ${secret}\n` +
          `[profile prod]\n${readFileSync(home.configFile, "utf8").split("\n").slice(1).join("\n")}\nawsrole_mfa_process = /bin/sh ${path} ${secret}\n`,
      );
      const { stdout } = await run("doctor --json");
      const { findings } = JSON.parse(stdout) as {
        findings: { id: string; profile: string; what: string }[];
      };
      const found = findings.filter(({ id }) => id === "program-unreliable");
      expect(found.map(({ profile }) => profile)).toEqual(["other", "prod"]);
      for (const { what } of found)
        expect(what).toBe(`${path} could be replaced by another user: ${why}`);
      expect(stdout).not.toContain(secret);
    });

    it("is never adopted: the running program's own path counts", async () => {
      // A copy of the built program in a folder of theirs, run as we would run it.
      const app = join(opt, "app");
      mkdirSync(join(app, "bin"), { recursive: true });
      if (program.length === 1) return;
      execFileSync("cp", ["-r", join(program[1] ?? "", "..", "..", "dist"), app]);
      execFileSync("cp", [program[1] ?? "", join(app, "bin/awsrole.js")]);
      execFileSync("cp", [join(program[1] ?? "", "..", "..", "package.json"), app]);
      chownSync(app, users.thief, users.thief);
      const standard = `[profile std]\nrole_arn = ${sts.role.arn}\nsource_profile = bob\n`;
      writeFileSync(home.configFile, standard);
      for (const words of [
        ["adopt", "std"],
        ["add-profile", "x", "--source-profile", "bob", "--role-arn", sts.role.arn],
      ]) {
        const { runCommand } = await import("../support/run-awsrole.ts");
        const { code, stderr } = await runCommand(
          [process.execPath, join(app, "bin/awsrole.js"), ...words],
          { env: home.env },
        );
        expect(stderr).toContain(`${app} belongs to another user (uid ${users.thief})`);
        expect(code).toBe(1);
      }
      expect(readFileSync(home.configFile, "utf8")).toBe(standard);
    });
  });

  it("who has taken the name of the runtime folder keeps four programs from nothing: they still make one call, and doctor says so", async () => {
    // As another user than root, whose /tmp/awsrole-0 may be in use.
    const name = `awsrole-${users.victim}`;
    const take = `require("fs").mkdirSync(process.argv[1], 0o700); console.log("taken"); setTimeout(() => {}, 600000)`;
    const { child } = await attack(take, join("/tmp", name));
    try {
      giveTo(users.victim, home.path);
      const { XDG_RUNTIME_DIR: _, ...clean } = home.env;
      const env = { ...clean, AWSROLE_STORE: "none" };
      const awsrole = (...words: readonly string[]) =>
        runAs(users.victim, [...program, ...words], { env });
      const before = callsOf("AssumeRole");
      sts.behave({ delayMs: 2000 });
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => awsrole("credential-process", "--profile", "prod")),
      );
      expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
      expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
      expect(callsOf("AssumeRole") - before).toBe(1);
      const { stdout } = await awsrole("doctor", "--json");
      const { findings } = JSON.parse(stdout) as { findings: { id: string; what: string }[] };
      expect(findings.filter(({ id }) => id === "runtime-folder-taken")).toEqual([
        expect.objectContaining({
          what: expect.stringMatching(
            `^another user created /tmp/${name}; /tmp/${name}-[0-9a-f]{8} is used instead$`,
          ),
        }),
      ]);
    } finally {
      sts.behave({});
      child.kill();
      for (const taken of readdirSync("/tmp").filter((one) => one.startsWith(name)))
        rmSync(join("/tmp", taken), { recursive: true });
    }
  });
});
