import { refusal, type XmlStructure } from "./answers.ts";
import { authenticate } from "./authenticate.ts";
import type { ActionRequest, Actions } from "./action-request.ts";
import { checkParameters, type Constraints, type Parameters } from "./constraints.ts";
import { IAM_ACTIONS } from "./iam-actions.ts";
import { IAM_SETUP_ACTIONS } from "./iam-setup-actions.ts";
import { requireAllowed } from "./identity-policy.ts";
import { IAM_LIMITS, STS_LIMITS } from "./service-limits.ts";
import type { SignedRequest } from "./signature.ts";
import { assumeRoleWithWebIdentity, STS_ACTIONS } from "./sts-actions.ts";

/** One service behind the double's address. Actions of all of them have different names. */
type Service = {
  name: "sts" | "iam";
  version: string;
  namespace: string;
  actions: Actions;
  limits: Readonly<Record<string, Constraints>>;
};

const UNSIGNED_ACTION = "AssumeRoleWithWebIdentity";

const STS: Service = {
  name: "sts",
  version: "2011-06-15",
  namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
  actions: STS_ACTIONS,
  limits: STS_LIMITS,
};

const IAM: Service = {
  name: "iam",
  version: "2010-05-08",
  namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
  actions: { ...IAM_ACTIONS, ...IAM_SETUP_ACTIONS },
  limits: IAM_LIMITS,
};

/** Carries out the action that `params` name: who signs, whether the parameters keep their limits, then the action itself. */
export function performAction(
  signed: SignedRequest,
  params: Parameters,
  context: Omit<ActionRequest, "caller" | "params">,
): XmlStructure | undefined {
  if (signed.method !== "POST")
    throw refusal(405, "MethodNotAllowed", "this double answers to POST only");
  const action = params["Action"] ?? "";
  const service = serviceOf(action);
  const perform = Object.hasOwn(service.actions, action) ? service.actions[action] : undefined;
  const isUnsigned = action === UNSIGNED_ACTION;
  if ((perform === undefined && !isUnsigned) || params["Version"] !== service.version) {
    throw refusal(
      400,
      "InvalidAction",
      `Could not find operation ${action} for version ${params["Version"]}`,
    );
  }
  const caller = isUnsigned
    ? undefined
    : authenticate(signed, { ...context, service: service.name });
  checkParameters(params, service.limits[action] ?? {});
  if (caller === undefined) return assumeRoleWithWebIdentity({ ...context, params });
  requireAllowed(context.directory, caller, { service: service.name, action, params });
  return perform?.({ ...context, params, caller });
}

/** The XML namespace of the answers to `action`. */
export function namespaceOf(action: string): string {
  return serviceOf(action).namespace;
}

function serviceOf(action: string): Service {
  return Object.hasOwn(IAM.actions, action) ? IAM : STS;
}
