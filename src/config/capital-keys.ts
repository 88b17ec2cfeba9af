/** Settings whose names are written with capitals: the AWS CLI, boto3, Go and Rust read them, SDKs that compare letter by letter do not. */
import { bodyOf, type Document } from "./document.ts";
import { readBody } from "./grammar.ts";

/** One of them. */
export type CapitalKey = {
  readonly key: string;
  /** The line as it is in the file (latin1, as in the document), without its line end. */
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
};

/** What decides about credentials and where they are asked for; other settings are one tool's own. */
const decisive =
  /^(?:aws_(?:access_key_id|secret_access_key|session_token)|credential_(?:process|source)|duration_seconds|external_id|login_session|mfa_serial|region|role_arn|role_session_name|source_profile|sso_(?:account_id|region|role_name|session|start_url)|web_identity_token_file)$/;

/** Those of the section, in the order of the file. */
export function capitalKeys(document: Document, kind: string, name: string): CapitalKey[] {
  return document.find(kind, name).flatMap((section) =>
    readBody(document.text, bodyOf(section)).entries.flatMap(({ key, start }) => {
      const [text = ""] = /^[^\r\n]*/.exec(document.text.slice(start)) ?? [];
      const isSmall = text.trimStart().startsWith(key);
      return isSmall || !decisive.test(key) ? [] : [{ key, text, line: document.lineAt(start) }];
    }),
  );
}
