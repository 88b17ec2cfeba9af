/** Time as this machine tells it: `now` may be set by a user; `uptimeSeconds` only grows, and starts again with the machine. */
export type Clock = { now(): Date; uptimeSeconds(): number };
