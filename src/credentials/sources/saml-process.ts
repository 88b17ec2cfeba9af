/** `awsrole_saml_process`: a program that signs in to the identity provider and prints its SAML response (saml2aws, a script). */
import { type CommandKind, type CommandOptions, runSourceCommand } from "./run-command.ts";

/** Of the output: AWS's 100,000 of the assertion, and the line breaks of base64. */
const samlCommand: CommandKind = {
  key: "awsrole_saml_process",
  answer: "SAML response",
  mostCharacters: 110_000,
  // A browser that it started may outlive it.
  lingerMs: 500,
};

/** Runs the command; its output as it came. @throws ERR_PROCESS_FAILED, ERR_PROFILE_CYCLE. */
export function runSamlProcess(options: CommandOptions): Promise<string> {
  return runSourceCommand(options, samlCommand);
}
