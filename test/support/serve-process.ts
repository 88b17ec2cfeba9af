/** A running `awsrole serve PROFILE --json`, whose clocks the test moves. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clockPreload } from "./moved-clock.ts";
import { type Home, program } from "./run-awsrole.ts";

export type ServeProcess = {
  readonly url: string;
  readonly token: string;
  /** What it printed: the variables that lead to it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where each is, when it serves several. */
  readonly profiles: () => Readonly<
    Record<string, { readonly url: string; readonly token: string }>
  >;
  readonly stderr: () => string;
  /** From now on its clocks are so many seconds ahead. */
  readonly setSecondsAhead: (seconds: number) => void;
  /** Asks to end, and waits for it; code and signal. */
  readonly end: (signal?: NodeJS.Signals) => Promise<[number | null, NodeJS.Signals | null]>;
};

/** Starts it, and waits until it serves. */
export async function startServe(
  home: Home,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
  /** What is put before the program's command line. */
  before: readonly string[] = [],
): Promise<ServeProcess> {
  const offsetFile = join(home.path, "seconds-ahead");
  writeFileSync(offsetFile, "0");
  const [file = "", ...rest] = [...before, ...program];
  const child = spawn(file, [...rest, "serve", ...words, "--json"], {
    env: {
      ...home.env,
      AWSROLE_STORE: "none",
      ...env,
      ...(clockPreload === undefined ? {} : { [clockPreload.name]: clockPreload.value }),
      TEST_OFFSET_FILE: offsetFile,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  type Printed = Record<string, string> & {
    readonly profiles?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  const variables = await new Promise<Printed>((resolve, reject) => {
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.endsWith("}\n")) resolve(JSON.parse(stdout) as Printed);
    });
    child.once("close", () => reject(new Error(`serve ended: ${stderr}`)));
  });
  return {
    ...addressIn(variables),
    variables,
    profiles: () =>
      Object.fromEntries(
        Object.entries(variables.profiles ?? {}).map(([name, values]) => [name, addressIn(values)]),
      ),
    stderr: () => stderr,
    setSecondsAhead: (seconds) => writeFileSync(offsetFile, String(seconds)),
    end: (signal = "SIGTERM") => {
      child.kill(signal);
      return ended;
    },
  };
}

function addressIn(variables: Readonly<Record<string, string>>): { url: string; token: string } {
  return {
    url: variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] ?? "",
    token: variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] ?? "",
  };
}

export type Answer = {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Readonly<Record<string, string>>;
};

/** One request to the endpoint, with its token unless `headers` says otherwise. */
export function askEndpoint(
  { url, token }: Pick<ServeProcess, "url" | "token">,
  {
    method = "GET",
    path,
    headers = {},
    onSent = () => {},
  }: { method?: string; path?: string; headers?: object; onSent?: () => void } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method,
        agent: false,
        ...(path === undefined ? {} : { path }),
        headers: Object.fromEntries(
          Object.entries({ authorization: token, ...headers }).filter(
            ([, value]) => value !== undefined,
          ),
        ),
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body: (text === "" ? {} : JSON.parse(text)) as Record<string, string>,
          }),
        );
      },
    );
    asked.once("finish", onSent).once("error", reject).end();
  });
}
