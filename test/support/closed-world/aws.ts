/**
 * What AWS answers in the closed world: credentials whose access key id is a function of who asked for what, so that two programs that got the same id
 * went the same way. Nothing is kept between requests.
 */
import { createHash } from "node:crypto";
import {
  formatAnswer,
  formatRefusal,
  isRefusal,
  refusal,
  type XmlStructure,
} from "../aws-double/answers.ts";
import { readRequest, requireGoodAnswer } from "../aws-double/check-request.ts";
import { oidcRefusal, portalRefusal } from "../aws-double/identity-center.ts";
import { MODELS, type ServiceName, statusOfError } from "../aws-double/models.ts";
import { signinRefusal } from "../aws-double/signin.ts";
import type { WorldAnswer, WorldRequest } from "./servers.ts";

const hour = 3_600_000;
/** All sessions end together, so that answers to two programs can be compared. */
export const sessionsEndAt = new Date(Math.ceil(Date.now() / hour) * hour + 2 * hour);

/** What AWS's own models forbid of a request to one of AWS's own hosts. */
export function violationsOf(request: WorldRequest): readonly string[] {
  const service = serviceOf(request);
  if (service === undefined) return [];
  const { broken, unknown } = readRequest(service, {
    ...request,
    body: Buffer.from(request.body),
  });
  return [...broken, ...unknown].map((problem) => `${service}: ${problem}`);
}

function serviceOf({ host, path }: WorldRequest): ServiceName | undefined {
  if (path.startsWith("/latest/") || /^(?:169\.254\.169\.254|\[fd00:ec2::254\])$/.test(host))
    return "imds";
  if (/^(?:169\.254\.170\.2(?:3)?|\[fd00:ec2::23\])$/.test(host)) return "container";
  if (!/\.(?:amazonaws\.com(?:\.cn)?|api\.aws|aws\.amazon\.com|amazonaws-us-gov\.com)$/.test(host))
    return undefined;
  if (host.startsWith("portal.sso")) return "sso";
  if (host.startsWith("oidc")) return "sso-oidc";
  return host.includes("signin") ? "signin" : "sts";
}

/** The access key id that signed a request, or undefined for one without a signature. */
export function signerOf({ headers }: Pick<WorldRequest, "headers">): string | undefined {
  return /Credential=([^/]+)\//.exec(headers["authorization"] ?? "")?.[1];
}

/** An operation of a service, and what it gives or refuses. */
type Called = readonly [service: ServiceName, operation: string, perform: () => XmlStructure];

/**
 * The answer of the service that the request is meant for, whichever host it was sent to: endpoints can be set. Answers are in the shape of the
 * service's model, and its errors are those that AWS is known to send: an Error otherwise.
 */
export function answerAsAws(request: WorldRequest): WorldAnswer {
  const called = calledBy(request);
  if (called === undefined) return { status: 404, body: "the closed world knows no such request" };
  if ("status" in called) return called;
  const [service, operation, perform] = called;
  const { xmlNamespace } = MODELS[service].metadata;
  const headers = { "content-type": xmlNamespace === undefined ? "application/json" : "text/xml" };
  try {
    const output = perform();
    requireGoodAnswer(service, operation, output);
    const body =
      xmlNamespace === undefined
        ? JSON.stringify(output)
        : formatAnswer(xmlNamespace, operation, output, "1");
    return { status: 200, headers, body };
  } catch (refused) {
    if (!isRefusal(refused)) throw refused;
    if (statusOfError(service, operation, refused.code) !== refused.status)
      throw new Error(`AWS is not known to answer ${operation} with ${refused.code}`, {
        cause: refused,
      });
    const body =
      xmlNamespace === undefined
        ? JSON.stringify(refused.json)
        : formatRefusal(xmlNamespace, refused, "1");
    return { status: refused.status, headers, body };
  }
}

function calledBy(request: WorldRequest): Called | WorldAnswer | undefined {
  const { path, body } = request;
  if (path === "/federation/credentials")
    return ["sso", "GetRoleCredentials", () => roleCredentials(request)];
  if (path === "/token") return ["sso-oidc", "CreateToken", () => oidcToken(request)];
  if (path === "/v1/token") return ["signin", "CreateOAuth2Token", () => signInToken(request)];
  if (path.startsWith("/latest/")) return instanceMetadata(request);
  if (/^\/v1\/credentials|^\/v2\/credentials|^\/creds/.test(path))
    return ["container", "GetCredentials", () => container(request)];
  const form = new URLSearchParams(body);
  const action = form.get("Action");
  return action === null ? undefined : ["sts", action, () => sts(action, form, request)];
}

function sts(action: string, form: URLSearchParams, request: WorldRequest): XmlStructure {
  const signer = signerOf(request) ?? form.get("WebIdentityToken") ?? "nobody";
  const arn = form.get("RoleArn") ?? "";
  const name = arn.split("/").at(-1) ?? "";
  const fault = stsFaults[name];
  if (fault !== undefined) throw refusal(...fault);
  const account = arn.split(":")[4] ?? "123456789012";
  if (action === "GetCallerIdentity")
    return {
      Arn: `arn:aws:iam::123456789012:user/${signer}`,
      UserId: signer,
      Account: "123456789012",
    };
  const keys = secretsOf(sessionId(action, arn, signer));
  return {
    Credentials: { ...keys, Expiration: sessionsEndAt.toISOString() },
    ...(arn === ""
      ? {}
      : {
          AssumedRoleUser: {
            Arn: `arn:aws:sts::${account}:assumed-role/${name}/${form.get("RoleSessionName") ?? ""}`,
            AssumedRoleId: "AROAEXAMPLEROLE:session",
          },
        }),
  };
}

/** Roles of these names are refused. */
const stsFaults: Readonly<Record<string, Parameters<typeof refusal>>> = {
  Denied: [403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole"],
  Packed: [400, "PackedPolicyTooLarge", "Packed policy consumes 120% of allotted space"],
  Disabled: [403, "RegionDisabledException", "STS is not activated in this region"],
};

/** An access key id that tells what it is for: equal for equal requests of equal signers. */
export function sessionId(...what: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(what)).digest("hex").slice(0, 12);
  return `ASIA${(what[1]?.split(/[/:]/).at(-1) ?? "").replaceAll(/\W/g, "").toUpperCase().slice(0, 8)}${hash.toUpperCase()}`;
}

function secretsOf(id: string): {
  AccessKeyId: string;
  SecretAccessKey: string;
  SessionToken: string;
} {
  return { AccessKeyId: id, SecretAccessKey: `secret-of-${id}`, SessionToken: `token-of-${id}` };
}

function roleCredentials({ query, headers }: WorldRequest): XmlStructure {
  const asked = new Map(query);
  const [role, account] = [asked.get("role_name"), asked.get("account_id")];
  const token = headers["x-amz-sso_bearer_token"];
  if (!role || !account)
    throw portalRefusal(400, "InvalidRequestException", "Missing a required parameter");
  if (!token?.startsWith("live"))
    throw portalRefusal(401, "UnauthorizedException", "Session token not found or invalid");
  const { AccessKeyId, SecretAccessKey, SessionToken } = secretsOf(
    sessionId("sso", role, account, token),
  );
  return {
    roleCredentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: sessionsEndAt.getTime(),
    },
  };
}

function oidcToken({ body }: WorldRequest): XmlStructure {
  const { refreshToken } = JSON.parse(body) as { refreshToken?: string };
  if (!refreshToken?.startsWith("good"))
    throw oidcRefusal("InvalidGrantException", "Invalid refresh token");
  return {
    accessToken: `live-${refreshToken}`,
    tokenType: "Bearer",
    expiresIn: 3600,
    refreshToken: `${refreshToken}-2`,
  };
}

function signInToken({ body }: WorldRequest): XmlStructure {
  const { refreshToken } = JSON.parse(body) as { refreshToken?: string };
  if (!refreshToken?.startsWith("good"))
    throw signinRefusal("ValidationException", "INVALID_REQUEST", "Invalid refresh token");
  const { AccessKeyId, SecretAccessKey, SessionToken } = secretsOf(sessionId("login", "login"));
  return {
    accessToken: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    },
    tokenType: "aws_sigv4",
    expiresIn: 900,
    refreshToken: `${refreshToken}-2`,
    idToken: "x",
  };
}

function instanceMetadata({ host, method, path, headers }: WorldRequest): Called | WorldAnswer {
  if (path === "/latest/api/token")
    return method === "PUT" && headers["x-aws-ec2-metadata-token-ttl-seconds"] !== undefined
      ? {
          status: 200,
          headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
          body: "imds-token",
        }
      : { status: 405, body: "" };
  if (headers["x-aws-ec2-metadata-token"] !== "imds-token") return { status: 401, body: "" };
  if (path === "/latest/meta-data/iam/security-credentials/")
    return { status: 200, body: "worker" };
  if (path !== "/latest/meta-data/iam/security-credentials/worker")
    return { status: 404, body: "" };
  const { AccessKeyId, SecretAccessKey, SessionToken } = secretsOf(sessionId("imds", host));
  return [
    "imds",
    "GetRoleCredentials",
    () => ({
      Code: "Success",
      LastUpdated: "2026-01-01T00:00:00Z",
      Type: "AWS-HMAC",
      AccessKeyId,
      SecretAccessKey,
      Token: SessionToken,
      Expiration: sessionsEndAt.toISOString().replace(".000", ""),
    }),
  ];
}

function container({ host, path, headers }: WorldRequest): XmlStructure {
  const { AccessKeyId, SecretAccessKey, SessionToken } = secretsOf(
    sessionId("container", host, path, headers["authorization"] ?? ""),
  );
  return {
    AccessKeyId,
    SecretAccessKey,
    Token: SessionToken,
    Expiration: sessionsEndAt.toISOString().replace(".000", ""),
    RoleArn: "arn:aws:iam::123456789012:role/task",
  };
}
