/**
 * Other programs for the same job, measured where they are on PATH: the same keychain, the same role, the same STS. They reach it through a proxy, because
 * not all of them know AWS_ENDPOINT_URL_STS.
 */
import type { AwsDouble } from "../support/aws-double.ts";
import { startAwsFront } from "../support/aws-front.ts";
import { missing } from "../support/installed.ts";
import { type Line, timeOnce } from "./timing.ts";

type Peer = {
  readonly program: string;
  readonly what: string;
  /** Run once before, with Bob's key in the environment; `code` is what Bob's MFA device shows. */
  readonly prepare: (code: () => string) => readonly (readonly string[])[];
  /** As its own documentation says to write it behind `credential_process`. */
  readonly words: readonly string[];
  readonly variables: NodeJS.ProcessEnv;
};

const awsVault = {
  program: "aws-vault",
  variables: {
    AWS_VAULT_BACKEND: "secret-service",
    AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME: "login",
  },
};
const addBob = ["add", "bob", "--env", "--no-add-config"];

const peers: readonly Peer[] = [
  {
    ...awsVault,
    what: "aws-vault, role without MFA",
    prepare: () => [addBob],
    words: ["export", "--format=json", "standard"],
  },
  {
    ...awsVault,
    what: "aws-vault, role with MFA, cached",
    prepare: (code) => [
      addBob,
      ["export", "--format=json", `--mfa-token=${code()}`, "standard-mfa"],
    ],
    words: ["export", "--format=json", "standard-mfa"],
  },
  {
    program: "granted",
    what: "granted",
    prepare: () => [],
    words: ["credential-process", "--profile", "standard"],
    variables: {},
  },
];

/** The lines of those that are here, prepared, and for each other one why it is not. `folder` is for the proxy's certificates. */
export async function peerLines(
  sts: AwsDouble,
  folder: string,
  { env, keyEnv }: { readonly env: NodeJS.ProcessEnv; readonly keyEnv: NodeJS.ProcessEnv },
): Promise<{ lines: Line[]; absent: string[]; close: () => void }> {
  const lines: Line[] = [];
  const absent = peers.flatMap(({ program, what }) => {
    const reason = missing(program);
    return reason === undefined ? [] : [`${what} (${reason})`];
  });
  if (absent.length === peers.length) return { lines, absent, close: () => {} };
  const front = await startAwsFront(sts, folder);
  const proxy = { ...front.env, SSL_CERT_FILE: front.env["AWS_CA_BUNDLE"] };
  for (const { program, what, prepare, words, variables } of peers) {
    if (missing(program) !== undefined) continue;
    try {
      for (const command of prepare(() => sts.currentCode(sts.bob)))
        await timeOnce({
          name: `${what}: ${command[0]}`,
          words: [program, ...command],
          env: { ...keyEnv, ...proxy, ...variables },
        });
      const line = {
        name: what,
        words: [program, ...words],
        env: { ...env, ...proxy, ...variables },
        prints: /"SecretAccessKey": ?"/,
      };
      await timeOnce(line);
      lines.push(line);
    } catch (error) {
      absent.push(`${what} (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  return { lines, absent, close: () => front.close() };
}
