/** All hand-made configs. */
import type { OracleRow } from "../row.ts";
import { endpoints, regions } from "./endpoints.ts";
import { headers, lines } from "./grammar.ts";
import { mixtures, processes, staticKeys } from "./keys.ts";
import { credentialSources, instanceMetadata, settings, sources } from "./roles.ts";
import { login, sso, webIdentity } from "./sign-in.ts";

export const oddConfigs: readonly OracleRow[] = [
  ...headers,
  ...lines,
  ...sources,
  ...credentialSources,
  ...instanceMetadata,
  ...settings,
  ...staticKeys,
  ...mixtures,
  ...processes,
  ...sso,
  ...login,
  ...webIdentity,
  ...regions,
  ...endpoints,
];
