import type { XmlStructure } from "./answers.ts";
import type { Caller, Directory } from "./directory.ts";

/** The form fields of one request, as sent: lists are `Tags.member.1.Key`. */
export type Parameters = Readonly<Record<string, string>>;

/** What an action is handed. */
export type ActionRequest = {
  params: Parameters;
  /** The same by the model: lists are lists. */
  input: Readonly<Record<string, unknown>>;
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
