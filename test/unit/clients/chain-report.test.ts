import { expect, it } from "vitest";
import { explainChain } from "../../../src/clients/chain-report.ts";
import { resolveChain } from "../../../src/credentials/chain.ts";
import type { Environment } from "../../../src/foundation/environment.ts";
import { awsFiles } from "../../support/aws-files.ts";

const files = awsFiles(
  "[profile prod]\nawsrole_role_arn = arn:aws:iam::123456789012:role/r\nawsrole_credential_source = Environment\nawsrole_duration_seconds = 7200\n",
);
const keys = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };

it.each([
  ["a long-term key: as set", keys, 7200],
  ["temporary keys: capped at an hour", { ...keys, AWS_SESSION_TOKEN: "token" }, 3600],
])("the duration of a role signed by the environment, with %s", (_, env: Environment, seconds) => {
  const chain = resolveChain(files, "prod", env);
  const [role] = explainChain(files, chain, { rows: [], now: new Date(0), env });
  expect(role?.duration).toMatchObject({ seconds, requested: 7200 });
});
