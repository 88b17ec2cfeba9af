import type { WireRequest } from "./check-request.ts";

/** One request to a service that is no query API, read by its model. */
export type ServiceCall<Input = Record<string, unknown>> = {
  input: Input;
  request: WireRequest;
  now: Date;
  /** The service's own address, as the client was given it. */
  url: string;
};

/** What a service answers with: a JSON body, text, or a redirect. */
export type ServiceAnswer = { json: unknown } | { text: string } | { redirect: string } | undefined;

/** Operations by name; each answers, or throws a `Refusal`. */
export type ServiceActions = Readonly<Record<string, (call: ServiceCall<never>) => ServiceAnswer>>;
