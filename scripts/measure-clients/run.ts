/**
 * `npm run measure-clients [CLIENT…]`: gets the clients, puts the mixtures of ingredients to them in the closed world, and writes
 * src/clients/measurements.ts. Root on Linux; what is not named, or cannot be had, keeps its measurement and date.
 *
 * `--built` takes them as an earlier run built them. `MEASURED_CLIENTS` names the folder in which clients are built and kept (default: below the system's folder for temporary files).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, clientNames, type Outcome } from "../../src/clients/client-names.ts";
import { type MeasuredClient, measuredOutcome } from "../../src/clients/measured.ts";
import { measuredClients } from "../../src/clients/measurements.ts";
import { rolesWithMore, singlesAndPairs } from "../../test/oracle/ingredients.ts";
import { intoClosedWorld } from "../../test/support/closed-world/enter.ts";
import { allDrivers } from "./clients.ts";

type Result = {
  readonly client: Client;
  readonly version: string;
  readonly answers: Readonly<Record<string, Outcome>>;
};

/** The PHP SDK is not in a registry that is reached from here: what was seen of it at its date. */
const php: Readonly<Record<string, Outcome>> = {
  credential_process: "process",
  "credential_process + mfa_serial": "process",
  "credential_process + key in credentials": "key",
  "role_arn + web_identity_token_file": "web-identity",
  "role_arn + web_identity_token_file + credential_process": "web-identity",
  sso_session: "sso",
  "sso_session + credential_process": "sso",
  "login_session + credential_process": "process",
  "key in config": "key",
  "key in credentials": "key",
};

const folder = process.env["MEASURED_CLIENTS"] ?? join(tmpdir(), "awsrole-measured-clients");
mkdirSync(folder, { recursive: true });
const [isBuilt, wanted] = [
  process.argv.includes("--built"),
  process.argv.slice(2).filter((word) => word !== "--built"),
];
const built: Client[] = [];
for (const { client, build } of allDrivers) {
  if (wanted.length > 0 && !wanted.includes(client)) continue;
  try {
    if (!isBuilt) build(folder, process.cwd());
    built.push(client);
  } catch (error) {
    console.error(`${client} cannot be had here: ${String(error)}`);
  }
}

const [program = "", ...words] = intoClosedWorld({
  "/etc/hosts": hostsFile(),
  // For clients that can be given no authority.
  "/etc/ssl/certs/ca-certificates.crt": emptyFile("authorities.pem"),
});
execFileSync(
  program,
  [
    ...words,
    process.execPath,
    join("scripts", "run.js"),
    "scripts/measure-clients/ask.ts",
    folder,
    join(folder, "authorities.pem"),
    ...built,
  ],
  { stdio: "inherit" },
);
const file = join("src", "clients", "measurements.ts");
const results = built.map(
  (client) => JSON.parse(readFileSync(join(folder, "answers", `${client}.json`), "utf8")) as Result,
);
const clients = new Map<Client, MeasuredClient>([
  ["php", { version: "aws-sdk-php 3.376.2", date: "2026-11-23" }],
  ...measuredClients,
  ...results.map(
    ({ client, version }) =>
      [client, { version, date: new Date().toISOString().slice(0, 10) }] as const,
  ),
]);
const names = (Object.keys(clientNames) as Client[]).filter((client) => clients.has(client));
const mixtures = [...new Set([...singlesAndPairs(), ...rolesWithMore()].map(({ title }) => title))];
const table = mixtures.map((mixture) => {
  const outcomes = names.map(
    (client) =>
      results.find((one) => one.client === client)?.answers[mixture] ??
      (client === "php" ? php[mixture] : measuredOutcome(mixture, client)) ??
      "not-measured",
  );
  return [mixture, outcomes.join(" ")];
});
writeFileSync(
  file,
  `/** What AWS's clients do with mixtures of ingredients. Written by \`npm run measure-clients\`; do not edit. */
import type { MeasuredClient } from "./measured.ts";
import type { Client } from "./client-names.ts";

/** The clients that were measured, in the order of the words below. */
export const measuredClients: ReadonlyMap<Client, MeasuredClient> = new Map<Client, MeasuredClient>(${JSON.stringify(names.map((client) => [client, clients.get(client)]))});

/** Mixture → what each client does, a word for each. */
export const measurements: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(table))};
`,
);
execFileSync(join("node_modules", ".bin", "oxfmt"), [file], { stdio: "ignore" });

function emptyFile(name: string): string {
  writeFileSync(join(folder, name), "");
  return join(folder, name);
}

/** AWS's hosts that the mixtures lead to, at the loopback. */
function hostsFile(): string {
  const regions = ["us-east-1", "eu-west-1", "eu-central-1", "us-west-2"];
  const hosts = regions.flatMap((region) => [
    `sts.${region}.amazonaws.com`,
    `portal.sso.${region}.amazonaws.com`,
    `oidc.${region}.amazonaws.com`,
    `${region}.signin.aws.amazon.com`,
  ]);
  const lines = ["localhost", "sts.amazonaws.com", ...hosts].map((host) => `127.0.0.1 ${host}`);
  writeFileSync(join(folder, "hosts"), `${lines.join("\n")}\n`);
  return join(folder, "hosts");
}
