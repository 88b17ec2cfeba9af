/** AWS's models as data (`../aws-models/`): what a service takes and answers. */
import byHand from "../aws-models/by-hand.json" with { type: "json" };
import iam from "../aws-models/iam.json" with { type: "json" };
import signin from "../aws-models/signin.json" with { type: "json" };
import ssoOidc from "../aws-models/sso-oidc.json" with { type: "json" };
import sso from "../aws-models/sso.json" with { type: "json" };
import sts from "../aws-models/sts.json" with { type: "json" };
import unmodelled from "../aws-models/unmodelled-errors.json" with { type: "json" };

/** The services that the double is. */
export type ServiceName = "sts" | "iam" | "sso" | "sso-oidc" | "signin" | "imds" | "container";

/** A use of a shape; `location` says where in a request it goes (undefined: the body). */
export type Reference = {
  shape: string;
  location?: "querystring" | "header" | "uri" | "form";
  locationName?: string;
};

/** A shape as botocore's models have it. */
export type Shape = {
  type: string;
  required?: readonly string[];
  members?: Readonly<Record<string, Reference>>;
  member?: Reference;
  payload?: string;
  min?: number;
  max?: number;
  pattern?: string;
  enum?: readonly string[];
  error?: { code?: string; httpStatusCode: number };
};

/** One operation: `uri` may hold `{name}` (one segment), `{name+}` (the rest) and a query that is always there. */
export type Operation = {
  method: string;
  uri: string;
  signed: boolean;
  input?: string;
  output?: string;
  errors: readonly string[];
};

/** One service. */
export type Model = {
  metadata: {
    protocol: "query" | "rest-json" | "text";
    apiVersion?: string;
    xmlNamespace?: string;
  };
  /** Headers that an operation has beyond its model. */
  headers?: Readonly<Record<string, readonly string[]>>;
  operations: Readonly<Record<string, Operation>>;
  shapes: Readonly<Record<string, Shape>>;
};

/** All of them. */
export const MODELS: Readonly<Record<ServiceName, Model>> = {
  sts: sts as unknown as Model,
  iam: iam as unknown as Model,
  sso: sso as unknown as Model,
  "sso-oidc": merge(ssoOidc as unknown as Model, byHand["sso-oidc"] as unknown as Model),
  signin: merge(signin as unknown as Model, byHand.signin as unknown as Model),
  imds: byHand.imds as unknown as Model,
  container: byHand.container as unknown as Model,
};

/** The HTTP status that `code` has as an answer to `operation`; undefined when AWS is not known to send it. */
export function statusOfError(
  service: ServiceName,
  operation: string | undefined,
  code: string,
): number | undefined {
  const { operations, shapes, metadata } = MODELS[service];
  const list = metadata.protocol === "query" ? unmodelled.query : unmodelled[service as "sso"];
  const unlisted = (list.errors as Record<string, { status: number }>)[code];
  if (unlisted !== undefined) return unlisted.status;
  for (const name of operations[operation ?? ""]?.errors ?? []) {
    const { error } = shapes[name] ?? {};
    // an error without a status of its own is a client's fault: Smithy's default
    if (code === (error?.code ?? name)) return error?.httpStatusCode ?? 400;
  }
  return undefined;
}

function merge(one: Model, other: Model): Model {
  return {
    metadata: one.metadata,
    headers: other.headers ?? {},
    operations: { ...one.operations, ...other.operations },
    shapes: { ...one.shapes, ...other.shapes },
  };
}
