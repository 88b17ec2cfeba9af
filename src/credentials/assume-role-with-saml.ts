/** AssumeRoleWithSAML: the assertion that a command prints is the proof, and says which identity provider goes with the role. */
import type { SamlSource } from "./base-credentials.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { sessionFrom } from "./assume-role.ts";
import type { CachedSession } from "./cache/session.ts";
import type { RoleHop } from "./chain.ts";
import type { SessionDependencies } from "./dependencies.ts";
import { readSamlResponse, type SamlResponse } from "./saml-response.ts";
import { commandFailed, runItYourself } from "./sources/run-command.ts";

/** STS API Reference, AssumeRoleWithSAML: `SAMLAssertion`. */
const mostCharacters = 100_000;

/** How many roles an error names. */
const mostRolesNamed = 20;

/**
 * A session of the role, unsigned. The command runs at every call: an assertion is good for five minutes.
 * @throws ERR_PROCESS_FAILED for a command that prints no response, ERR_SOURCE_UNAVAILABLE for a response without the role, what `Sts` throws.
 */
export async function assumeRoleWithSaml(
  hop: RoleHop,
  source: SamlSource,
  deps: Pick<SessionDependencies, "openSts" | "runSamlProcess" | "clock">,
): Promise<CachedSession> {
  const { profile, role, policy } = hop;
  const output = await deps.runSamlProcess(source, profile.name);
  const response = readSamlResponse(output);
  if (response === undefined) throw notAResponse(profile.name, output);
  const principalArn = principalOf(response, hop);
  if (response.assertion.length > mostCharacters)
    throw new AwsRoleError(
      "ERR_SOURCE_UNAVAILABLE",
      `profile ${profile.name}: the SAML response has ${response.assertion.length} characters, and AWS takes at most ${mostCharacters}`,
      { hint: "have the identity provider send fewer roles or attributes" },
    );
  const sts = await deps.openSts(hop.connection);
  const issued = await sts.assumeRoleWithSaml({
    assertion: response.assertion,
    principalArn,
    roleArn: role.arn,
    policyArns: role.policyArns,
    ...(role.durationSeconds === undefined ? {} : { durationSeconds: role.durationSeconds }),
    ...(policy === undefined ? {} : { policy }),
  });
  return sessionFrom(issued, hop.request, deps.clock);
}

/** Nothing of the output: it may hold the assertion. */
function notAResponse(profileName: string, output: string): AwsRoleError {
  const what =
    output.trim() === ""
      ? "it printed nothing"
      : output.trimStart().startsWith("<")
        ? "its output is XML, not base64"
        : "its output is not a SAML response in base64";
  const hint =
    output.trim() === ""
      ? runItYourself({ profileName })
      : "it must print the value of the form field SAMLResponse, and nothing else";
  return commandFailed(
    { profileName },
    { key: "awsrole_saml_process", answer: "SAML response" },
    what,
    hint,
  );
}

/** The provider that the response names beside the role. @throws ERR_SOURCE_UNAVAILABLE, with what it offers. */
function principalOf(
  { roles, isEncrypted, refusal }: SamlResponse,
  { profile, role }: RoleHop,
): string {
  const found = roles.find(({ roleArn }) => roleArn === role.arn);
  if (found !== undefined) return found.principalArn;
  const unavailable = (what: string, hint: string): AwsRoleError =>
    new AwsRoleError("ERR_SOURCE_UNAVAILABLE", `profile ${profile.name}: ${what}`, { hint });
  if (refusal !== undefined)
    throw unavailable(
      `the identity provider refused to sign in: ${refusal}`,
      `sign in again, or ask the administrators of the identity provider; ${runItYourself({ profileName: profile.name })}`,
    );
  if (isEncrypted)
    throw unavailable(
      "the SAML assertion is encrypted, so that its roles cannot be read",
      "have the identity provider send it unencrypted: it is sent to AWS over TLS",
    );
  const offered = [...new Set(roles.map(({ roleArn }) => roleArn))].sort();
  if (offered.length === 0)
    throw unavailable(
      "the SAML response has no role for AWS",
      "the identity provider must send the attribute https://aws.amazon.com/SAML/Attributes/Role; check that the AWS application is assigned to you",
    );
  const more = offered.length - mostRolesNamed;
  throw unavailable(
    `the SAML response does not offer ${role.arn}, only ${offered.slice(0, mostRolesNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
    `choose one of them: awsrole edit-profile ${profile.name} --role-arn ARN`,
  );
}
