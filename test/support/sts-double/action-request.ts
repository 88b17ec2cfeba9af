import type { XmlStructure } from "./answers.ts";
import type { Parameters } from "./constraints.ts";
import type { Caller, Directory } from "./directory.ts";

/** What an action is handed. */
export type ActionRequest = {
  params: Parameters;
  caller: Caller;
  directory: Directory;
  now: Date;
  /** Characters of the session tokens it issues. */
  tokenLength: number;
  /** For how many requests keys made now are not known yet. */
  newKeyUnknownFor: number;
  /** Milliseconds in Expiration. */
  fractionalExpiration: boolean;
};

/** Actions by name: each answers with its result (undefined: it has none), or throws a `Refusal`. */
export type Actions = Readonly<
  Record<string, (request: ActionRequest) => XmlStructure | undefined>
>;
