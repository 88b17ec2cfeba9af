/**
 * A machine of Bob's to record on: `/home/bob`, awsrole below `/opt`, and AWS on the loopback. The paths are those of a mount namespace, so that
 * what is shown is what is on the screen, and is the same wherever it is recorded. Linux, as root or where users may make namespaces.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type AwsDouble, startAwsDouble } from "../../test/support/aws-double.ts";
import { type KeychainDaemon, startKeychainDaemon } from "../../test/support/keychain-daemon.ts";
import { keychainSkipReason } from "../../test/support/needed-programs.ts";
import { missing } from "../../test/support/installed.ts";
import { noTerminal, openTerminal, type Terminal } from "../../test/support/terminal.ts";

const isRoot = process.getuid?.() === 0;
/** A namespace for mounts; for others than root, one for users with it. */
const unshare = ["unshare", isRoot ? "--mount" : "--map-root-user", "--mount"];

/** Why there can be no such machine here; undefined where there can. */
export function noMachine(): string | undefined {
  if (process.platform !== "linux") return "mount namespaces are Linux's";
  return (
    noTerminal ??
    missing("aws") ??
    missing("curl") ??
    keychainSkipReason() ??
    missing(unshare[0] ?? "", [...unshare.slice(1), "true"])?.replace(
      /is not installed/,
      "cannot make a mount namespace",
    )
  );
}

export type Machine = {
  readonly aws: AwsDouble;
  /** Bob's home, as it is reached from outside. */
  readonly home: string;
  readonly terminal: Terminal;
  /** A file in Bob's home, mode 0600. */
  readonly write: (file: string, text: string) => void;
  close(): Promise<void>;
};

/** An empty home at a terminal of so many columns, with a keychain unless it is a server. */
export async function startMachine(
  columns: number,
  { withKeychain }: { readonly withKeychain: boolean },
): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-machine-"));
  const home = join(folder, "home");
  const aws = await startAwsDouble();
  const s3 = await startS3();
  const keychain = withKeychain ? await startKeychainDaemon() : undefined;
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  const browser = join(folder, "browser");
  writeFileSync(browser, '#!/bin/sh\nexec curl --silent --location --output /dev/null "$1"\n');
  chmodSync(browser, 0o755);
  writeFileSync(join(folder, "passwd"), "bob:x:0:0:Bob:/home/bob:/bin/sh\n");
  const enter = join(folder, "enter");
  writeFileSync(enter, enterScript(folder, home));
  chmodSync(enter, 0o755);
  const terminal = openTerminal(environment({ aws, s3, folder, browser, keychain }), {
    columns,
    rows: 200,
    server: [...unshare, enter],
  });
  return {
    aws,
    home,
    terminal,
    write: (file, text) => {
      mkdirSync(dirname(join(home, file)), { recursive: true, mode: 0o700 });
      writeFileSync(join(home, file), text, { mode: 0o600 });
    },
    close: async () => {
      terminal.close();
      await keychain?.stop();
      await s3.close();
      await aws.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function environment({
  aws,
  s3,
  folder,
  browser,
  keychain,
}: {
  readonly aws: AwsDouble;
  readonly s3: { readonly url: string };
  readonly folder: string;
  readonly browser: string;
  readonly keychain: KeychainDaemon | undefined;
}): NodeJS.ProcessEnv {
  return {
    ...aws.env,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_EC2_METADATA_DISABLED: "true",
    BROWSER: browser,
    DBUS_SESSION_BUS_ADDRESS: keychain?.env["DBUS_SESSION_BUS_ADDRESS"] ?? "disabled:",
    HOME: "/home/bob",
    LANG: "C.UTF-8",
    PATH: `/opt/bin:${process.env["PATH"]}`,
    SHELL: "/bin/sh",
    TZ: "UTC",
    USER: "bob",
    XDG_DATA_DIRS: join(folder, "no-applications"),
    XDG_RUNTIME_DIR: join(folder, "run"),
  };
}

/** Mounts what the machine has, and starts what it is given there. */
function enterScript(folder: string, home: string): string {
  const clone = resolve(".");
  return [
    "#!/bin/sh",
    "set -e",
    "mount -t tmpfs -o mode=755 tmpfs /opt",
    "mkdir /opt/awsrole /opt/bin",
    `mount --bind '${clone}' /opt/awsrole`,
    "ln -s /opt/awsrole/bin/awsrole.js /opt/bin/awsrole",
    "touch /opt/bin/node",
    `mount --bind '${process.execPath}' /opt/bin/node`,
    `mount --bind '${join(folder, "passwd")}' /etc/passwd`,
    "mount -t tmpfs -o mode=755 tmpfs /home",
    "mkdir /home/bob",
    `mount --bind '${home}' /home/bob`,
    "cd /home/bob",
    'exec "$@"',
    "",
  ].join("\n");
}

/** Lists two buckets for whoever signs with a session: a long-term key is refused. */
async function startS3(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const bucket = (name: string, day: string): string =>
    `<Bucket><Name>${name}</Name><CreationDate>${day}T09:00:00.000Z</CreationDate></Bucket>`;
  const server = createServer((request, response) => {
    const isSession =
      request.headers["x-amz-security-token"] !== undefined &&
      /^AWS4-HMAC-SHA256 Credential=ASIA\w+\/\d{8}\/[\w-]+\/s3\/aws4_request/.test(
        request.headers.authorization ?? "",
      );
    response.writeHead(isSession ? 200 : 403, { "content-type": "application/xml" });
    response.end(
      isSession
        ? `<ListAllMyBucketsResult><Owner><ID>0</ID></Owner><Buckets>${bucket("acme-backups", "2025-03-14")}${bucket("acme-logs", "2026-01-09")}</Buckets></ListAllMyBucketsResult>`
        : "<Error><Code>AccessDenied</Code><Message>not a session</Message></Error>",
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
