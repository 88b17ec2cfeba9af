/** Failures as `serve` reports them on its own terminal: SDKs ask again and again, and most show nothing of what they are answered. */

export type FailureReports = {
  /** Reports it, unless the same was reported of this profile since its last success. */
  failed(profile: string, text: string): void;
  /** From now on the profile's failures are news again, and so are refused requests. */
  succeeded(profile: string): void;
};

/** `print` gets a line without its end. A profile named "" is for requests that were refused. */
export function createFailureReports(print: (text: string) => void): FailureReports {
  const reported = new Map<string, Set<string>>();
  return {
    failed: (profile, text) => {
      const known = reported.get(profile) ?? new Set();
      if (known.has(text)) return;
      reported.set(profile, known.add(text));
      print(text);
    },
    succeeded: (profile) => {
      reported.delete(profile);
      reported.delete("");
    },
  };
}
