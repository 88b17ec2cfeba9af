/** Text for terminals and logs. */

/**
 * Control characters (but the line feed, when asked to keep it) and bidirectional overrides, written as `\u{…}` (as JSON: `\uXXXX`): whatever comes from
 * a config file, from AWS or from another program can neither move the cursor nor reorder what a person reads.
 */
export function escapeControls(
  text: string,
  { keepLineFeeds = false, as = "text" }: { keepLineFeeds?: boolean; as?: "text" | "json" } = {},
): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex -- these are the characters it is about
    /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g,
    (character) => {
      if (keepLineFeeds && character === "\n") return character;
      const code = character.charCodeAt(0).toString(16);
      return as === "json" ? `\\u${code.padStart(4, "0")}` : `\\u{${code}}`;
    },
  );
}
