/** How each service says what a test wants it to say. */
import { refusal, type Refusal } from "./answers.ts";
import { refuseByBehaviour, type Behaviour } from "./behaviour.ts";
import type { ServiceName } from "./models.ts";

type Words = {
  throttled: [status: number, code: string, message: string];
  failed: string;
  denied: string;
};

const WORDS: Readonly<Partial<Record<ServiceName, Words>>> = {
  // granted#811
  sso: {
    throttled: [429, "TooManyRequestsException", "HTTP 429 Unknown Code"],
    failed: "InternalServerException",
    denied: "ForbiddenException",
  },
  "sso-oidc": {
    throttled: [400, "SlowDownException", ""],
    failed: "InternalServerException",
    denied: "AccessDeniedException",
  },
  signin: {
    throttled: [429, "TooManyRequestsError", "Too many requests"],
    failed: "InternalServerException",
    denied: "AccessDeniedException",
  },
};

/** Throws the refusal that `behaviour` has for a request, if any. `recent`: how many came within the last second, this one included. */
export function refuseByFaults(
  behaviour: Behaviour,
  {
    service,
    action,
    region,
    accountId,
    recent,
  }: { service: ServiceName; action: string; region: string; accountId: string; recent: number },
): void {
  const tooMany = behaviour.perSecond !== undefined && recent > behaviour.perSecond;
  const applied = tooMany ? { ...behaviour, throttle: behaviour.throttle ?? {} } : behaviour;
  const words = WORDS[service];
  if (words === undefined) {
    refuseByBehaviour(applied, action, region, accountId);
    return;
  }
  const { throttle, serverError, deny, refuse } = applied;
  if (throttle !== undefined) {
    const [status, code, message] = words.throttled;
    const { retryAfterSeconds } = throttle;
    const headers =
      retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
    throw jsonRefusal(service, throttle.status ?? status, code, message, headers);
  }
  if (serverError !== undefined)
    throw jsonRefusal(
      service,
      serverError,
      serverError === 503 ? "ServiceUnavailableException" : words.failed,
      "",
    );
  if (refuse !== undefined) throw jsonRefusal(service, refuse.status, refuse.code, refuse.message);
  if (deny !== undefined)
    throw jsonRefusal(service, service === "sso" ? 403 : 400, words.denied, deny);
}

function jsonRefusal(
  service: ServiceName,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Refusal {
  if (service === "sso-oidc") {
    const error = code
      .replace(/Exception$/, "")
      .replaceAll(/(?<=[a-z])[A-Z]/g, "_$&")
      .toLowerCase();
    return refusal(status, code, message, headers, { error, error_description: message });
  }
  const json =
    service === "sso"
      ? { message, __type: `com.amazonaws.switchboard.portal#${code}` }
      : { error: "server_error", message };
  return refusal(status, code, message, headers, json);
}
