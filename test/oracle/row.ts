/** A config to be put to programs in the closed world: the profile `p` is asked for. `@HOME@` is the home folder. */
export type OracleRow = {
  readonly title: string;
  readonly config: string;
  readonly credentials?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Other files, by their path below the home folder. */
  readonly files?: Readonly<Record<string, string>>;
};

/** One request, as far as it decides what AWS answers. */
export type Asked = {
  readonly where: string;
  readonly what: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signedBy: string;
  readonly signedFor: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
};

/** What came of a row with one program. */
export type Result = {
  readonly outcome:
    | {
        readonly kind: "credentials";
        readonly accessKeyId: string;
        readonly secretAccessKey: string;
        readonly sessionToken: string;
        readonly accountId: string;
        readonly expiration: string;
      }
    | { readonly kind: "refused" };
  /** Why it was declined, for people; never compared. */
  readonly reason: string;
  readonly asked: readonly Asked[];
  /** The words that a `credential_process` was called with, each call a line. */
  readonly processes: readonly string[];
};

/** The commands that configs of the corpus run; each writes what it was called with to @HOME@/ran. */
export const processScript = `#!/bin/sh
printf '%s' "$#" >> "$HOME/ran"; for word in "$@"; do printf '|%s' "$word" >> "$HOME/ran"; done; echo >> "$HOME/ran"
case "$1" in
  out) printf '%s' "$2";;
  fail) echo "no luck" >&2; exit 3;;
  *) printf '{"Version":1,"AccessKeyId":"ASIAPROCESS%s","SecretAccessKey":"ps","SessionToken":"pt","Expiration":"2099-01-01T00:00:00Z"}' "$1";;
esac
`;
