/**
 * What users and roles may do that were made by IAM calls: their attached policies are evaluated, Allow only. Everybody who was put there
 * by a test may do everything. A session with policies of its own may do what any of them allows and none of them denies.
 */
import { refusal } from "./answers.ts";
import type { Caller, Directory } from "./directory.ts";
import type { Parameters } from "./action-request.ts";

/** As much of AWS's own policies as matters here. */
const MANAGED_POLICIES: Readonly<Record<string, string>> = {
  "job-function/ViewOnlyAccess": allow(["iam:List*", "s3:ListAllMyBuckets", "rds:Describe*"]),
  AmazonRDSReadOnlyAccess: allow(["rds:Describe*", "rds:ListTagsForResource"]),
  AdministratorAccess: allow(["*"]),
  ReadOnlyAccess: allow(["iam:Get*", "iam:List*"]),
};

/** No permission is needed for these. */
const UNCONTROLLED: ReadonlySet<string> = new Set(["GetCallerIdentity", "GetSessionToken"]);

/** The document of a policy: a customer's default version, or one of AWS's; undefined when there is none. */
export function policyDocument(directory: Directory, arn: string): string | undefined {
  const managed = /^arn:[^:]+:iam::aws:policy\/(.+)$/.exec(arn)?.[1];
  if (managed !== undefined) return MANAGED_POLICIES[managed];
  return directory.policiesByArn.get(arn)?.versions.find(({ isDefault }) => isDefault)?.document;
}

/** Throws AWS's AccessDenied if the caller's policies do not allow the action. */
export function requireAllowed(
  directory: Directory,
  caller: Caller,
  { service, action, params }: { service: string; action: string; params: Parameters },
): void {
  requireSessionAllowed(directory, caller, { service, action, params });
  const signer = caller.user ?? directory.rolesByArn.get(caller.roleArn ?? "");
  const { attachedPolicyArns } = signer ?? {};
  if (attachedPolicyArns === undefined || UNCONTROLLED.has(action)) return;
  const resource = resourceOf(caller, action, params);
  const isAllowed = [...attachedPolicyArns].some((arn) =>
    allows(policyDocument(directory, arn), `${service}:${action}`, resource),
  );
  if (isAllowed) return;
  throw refusal(
    403,
    "AccessDenied",
    `User: ${caller.arn} is not authorized to perform: ${service}:${action} on resource: ${resource} because no identity-based policy allows the ${service}:${action} action`,
  );
}

function requireSessionAllowed(
  directory: Directory,
  caller: Caller,
  { service, action, params }: { service: string; action: string; params: Parameters },
): void {
  if (caller.sessionPolicies === undefined || UNCONTROLLED.has(action)) return;
  const resource = resourceOf(caller, action, params);
  const documents = caller.sessionPolicies.map((one) =>
    one.startsWith("arn:") ? policyDocument(directory, one) : one,
  );
  const has = (effect: "Allow" | "Deny"): boolean =>
    documents.some((document) => allows(document, `${service}:${action}`, resource, effect));
  const isDenied = has("Deny");
  if (!isDenied && has("Allow")) return;
  throw refusal(
    403,
    "AccessDenied",
    `User: ${caller.arn} is not authorized to perform: ${service}:${action} on resource: ${resource} ${isDenied ? "with an explicit deny in a session policy" : `because no session policy allows the ${service}:${action} action`}`,
  );
}

type Statement = { Effect: string; Action: string | string[]; Resource: string | string[] };

function allows(
  document: string | undefined,
  action: string,
  resource: string,
  effect: "Allow" | "Deny" = "Allow",
): boolean {
  const { Statement: statements } = JSON.parse(document ?? '{"Statement":[]}') as {
    Statement: Statement[];
  };
  return statements.some(
    ({ Effect, Action, Resource }) =>
      Effect === effect && matches(Action, action) && matches(Resource, resource),
  );
}

function matches(patterns: string | string[], text: string): boolean {
  return [patterns].flat().some((pattern) => {
    const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^$()[\]{}|\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(text);
  });
}

function resourceOf(
  { partition, accountId, user }: Caller,
  action: string,
  params: Parameters,
): string {
  const iam = `arn:${partition}:iam::${accountId}`;
  if (action === "GetFederationToken")
    return `arn:${partition}:sts::${accountId}:federated-user/${params["Name"]}`;
  if (params["RoleArn"] !== undefined) return params["RoleArn"];
  if (params["RoleName"] !== undefined) return `${iam}:role/${params["RoleName"]}`;
  const name = params["UserName"] ?? user?.name;
  return name === undefined ? "*" : `${iam}:user/${name}`;
}

function allow(actions: string[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }],
  });
}
