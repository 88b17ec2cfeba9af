/** Other programs for the same job, measured where they are on PATH: the same keychain, the same role, the same STS. */

export type Peer = {
  readonly name: string;
  /** Run once before, with Bob's key in the environment. */
  readonly prepare: readonly (readonly string[])[];
  /** As its own documentation says to write it behind `credential_process`. */
  readonly words: readonly string[];
  readonly variables: NodeJS.ProcessEnv;
};

export const peers: readonly Peer[] = [
  {
    name: "aws-vault",
    prepare: [["add", "bob", "--env", "--no-add-config"]],
    words: ["export", "--format=json", "standard"],
    variables: {
      AWS_VAULT_BACKEND: "secret-service",
      AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME: "login",
    },
  },
  {
    name: "granted",
    prepare: [],
    words: ["credential-process", "--profile", "standard"],
    variables: {},
  },
];
