/** Durations as people type them. */

/** Seconds of `45m`, `1h30m`, `90s` or `2700`; undefined for what is none. */
export function parseSeconds(text: string): number | undefined {
  const found = /^(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?$/.exec(text);
  if (found === null || text === "") return undefined;
  const [, hours = 0, minutes = 0, seconds = 0] = found;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
