/** The first step of decoding what another process wrote. */

/** The value as an object with unknown values; undefined for anything else. An array counts as an object: its keys are none that a decoder asks for. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** The object that `text` is as JSON; undefined when it is no JSON, or no object. Never throws. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}
