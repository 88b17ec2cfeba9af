/** Tells whether a whole text is like a glob. */
export type Glob = { readonly test: (text: string) => boolean };

/**
 * A glob over a whole text; case does not matter. Not a regular expression: a hostile one with many `*` would be tried for hours, and a team's file
 * comes from others. Each `*` is only ever extended, so this takes length times length at most.
 */
export function globPattern(glob: string): Glob {
  const wanted = glob.toLowerCase();
  return {
    test(text) {
      const given = text.toLowerCase();
      let at = 0;
      let index = 0;
      let star = -1;
      let mark = 0;
      while (index < given.length) {
        if (wanted[at] === "*") {
          star = at;
          mark = index;
          at += 1;
        } else if (at < wanted.length && (wanted[at] === "?" || wanted[at] === given[index])) {
          at += 1;
          index += 1;
        } else if (star === -1) return false;
        else {
          at = star + 1;
          mark += 1;
          index = mark;
        }
      }
      return /^\**$/.test(wanted.slice(at));
    },
  };
}
