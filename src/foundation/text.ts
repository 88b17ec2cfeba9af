/** Text for terminals and logs. */

/**
 * Control characters (but the line feed, when asked to keep it), bidirectional overrides and characters that cannot be seen, written as `\u{…}` (as
 * JSON: `\uXXXX`): whatever comes from a config file, from AWS or from another program can neither move the cursor nor reorder what a person reads,
 * nor look like something else.
 */
export function escapeControls(
  text: string,
  { keepLineFeeds = false, as = "text" }: { keepLineFeeds?: boolean; as?: "text" | "json" } = {},
): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex -- these are the characters it is about
    /[\u0000-\u001F\u007F-\u00A0\u00AD\u061C\u1680\u180E\u2000-\u200F\u2028-\u202F\u205F-\u206F\u3000\uFEFF]/g,
    (character) => {
      if (keepLineFeeds && character === "\n") return character;
      const code = character.charCodeAt(0).toString(16);
      return as === "json" ? `\\u${code.padStart(4, "0")}` : `\\u{${code}}`;
    },
  );
}

/** Those without a width: taken away, what is seen stays the same. */
export const noWidth = /[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/g;

/** A character that looks like a space, or like nothing, and is neither space nor tab: web pages and word processors leave them behind. */
export const invisible =
  /[\u00A0\u00AD\u061C\u1680\u180E\u2000-\u200F\u2028-\u202F\u205F-\u206F\u3000\uFEFF]/;
