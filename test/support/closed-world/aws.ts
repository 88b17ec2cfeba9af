/**
 * What AWS answers in the closed world: credentials whose access key id is a function of who asked for what, so that two programs that got the same id
 * went the same way. Nothing is kept between requests.
 */
import { createHash } from "node:crypto";
import { readRequest } from "../aws-double/check-request.ts";
import type { ServiceName } from "../aws-double/models.ts";
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

/** The answer of the service that the request is meant for, whichever host it was sent to: endpoints can be set. */
export function answerAsAws(request: WorldRequest): WorldAnswer {
  if (request.path === "/federation/credentials") return portal(request);
  if (request.path === "/token") return ssoOidc(request);
  if (request.path === "/v1/token") return signIn(request);
  if (request.path.startsWith("/latest/")) return instanceMetadata(request);
  if (/^\/v1\/credentials|^\/v2\/credentials|^\/creds/.test(request.path))
    return container(request);
  if (/(?:^|&)Action=/.test(request.body)) return sts(request);
  return { status: 404, body: "the closed world knows no such request" };
}

function sts(request: WorldRequest): WorldAnswer {
  const form = new URLSearchParams(request.body);
  const action = form.get("Action") ?? "";
  const signer = signerOf(request) ?? form.get("WebIdentityToken") ?? "nobody";
  const arn = form.get("RoleArn") ?? "";
  const fault = stsFaults[/\/(\w+)$/.exec(arn)?.[1] ?? ""];
  if (fault !== undefined) return { ...fault, headers: xml };
  if (action === "GetCallerIdentity")
    return result(
      action,
      `<Arn>arn:aws:iam::123456789012:user/${signer}</Arn><UserId>${signer}</UserId><Account>123456789012</Account>`,
    );
  const id = sessionId(action, arn, signer);
  const account = arn.split(":")[4] ?? "123456789012";
  const name = arn.split("/").at(-1);
  return result(
    action,
    `<Credentials>${Object.entries(secretsOf(id))
      .map(([key, value]) => `<${key}>${value}</${key}>`)
      .join("")}<Expiration>${sessionsEndAt.toISOString()}</Expiration></Credentials>` +
      (arn === ""
        ? ""
        : `<AssumedRoleUser><Arn>arn:aws:sts::${account}:assumed-role/${name}/${form.get("RoleSessionName")}</Arn><AssumedRoleId>AROA${name}:x</AssumedRoleId></AssumedRoleUser>`),
  );
}

const xml = { "content-type": "text/xml" };

function result(action: string, inner: string): WorldAnswer {
  const namespace = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';
  return {
    status: 200,
    headers: xml,
    body: `<${action}Response ${namespace}><${action}Result>${inner}</${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`,
  };
}

function stsError(status: number, code: string, message: string): WorldAnswer {
  return {
    status,
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
  };
}

/** Roles of these names are refused. */
const stsFaults: Readonly<Record<string, WorldAnswer>> = {
  Denied: stsError(403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole"),
  Packed: stsError(400, "PackedPolicyTooLarge", "Packed policy consumes 120% of allotted space"),
  Disabled: stsError(403, "RegionDisabledException", "STS is not activated in this region"),
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

function json(status: number, body: unknown): WorldAnswer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function portal({ query, headers }: WorldRequest): WorldAnswer {
  const asked = new Map(query);
  const [role, account] = [asked.get("role_name"), asked.get("account_id")];
  const token = headers["x-amz-sso_bearer_token"];
  if (!role || !account) return json(400, { message: "Missing a required parameter" });
  if (!token?.startsWith("live"))
    return json(401, { message: "Session token not found or invalid" });
  const { AccessKeyId, SecretAccessKey, SessionToken } = secretsOf(
    sessionId("sso", role, account, token),
  );
  return json(200, {
    roleCredentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: sessionsEndAt.getTime(),
    },
  });
}

function ssoOidc({ body }: WorldRequest): WorldAnswer {
  const { refreshToken } = JSON.parse(body) as { refreshToken?: string };
  if (!refreshToken?.startsWith("good"))
    return json(400, { error: "invalid_grant", error_description: "Invalid refresh token" });
  return json(200, {
    accessToken: `live-${refreshToken}`,
    tokenType: "Bearer",
    expiresIn: 3600,
    refreshToken: `${refreshToken}-2`,
  });
}

function signIn({ body }: WorldRequest): WorldAnswer {
  const { refreshToken } = JSON.parse(body) as { refreshToken?: string };
  if (!refreshToken?.startsWith("good"))
    return json(400, { error: "INVALID_REQUEST", message: "Invalid refresh token" });
  const { AccessKeyId, SecretAccessKey, SessionToken } = secretsOf(sessionId("login", "login"));
  return json(200, {
    accessToken: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    },
    tokenType: "urn:aws:params:oauth:token-type:access_token_sigv4",
    expiresIn: 900,
    refreshToken: `${refreshToken}-2`,
    idToken: "x",
  });
}

function instanceMetadata({ host, method, path, headers }: WorldRequest): WorldAnswer {
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
  if (path === "/latest/meta-data/iam/security-credentials/worker") {
    const { AccessKeyId, SecretAccessKey, SessionToken } = secretsOf(sessionId("imds", host));
    return json(200, {
      Code: "Success",
      LastUpdated: "2026-01-01T00:00:00Z",
      Type: "AWS-HMAC",
      AccessKeyId,
      SecretAccessKey,
      Token: SessionToken,
      Expiration: sessionsEndAt.toISOString().replace(".000", ""),
    });
  }
  return { status: 404, body: "" };
}

function container({ host, path, headers }: WorldRequest): WorldAnswer {
  const { AccessKeyId, SecretAccessKey, SessionToken } = secretsOf(
    sessionId("container", host, path, headers["authorization"] ?? ""),
  );
  return json(200, {
    AccessKeyId,
    SecretAccessKey,
    Token: SessionToken,
    Expiration: sessionsEndAt.toISOString().replace(".000", ""),
    RoleArn: "arn:aws:iam::123456789012:role/task",
  });
}
