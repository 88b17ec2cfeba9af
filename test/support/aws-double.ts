/**
 * AWS on the loopback, for tests and the demo: STS, IAM, Identity Center (portal and sign-in), AWS Sign-In, the EC2 instance metadata
 * service and the container credentials endpoint.
 *
 * AWS's own models are the judge (`aws-models/`): a request that they do not know (operation, method, path, member, location, limit)
 * is refused, and fails the test that made it (`fail-on-violations.ts`); so does an answer of ours that they do not know. Beyond the
 * models the double has state, signatures, a clock of its own, and every way to fail that we could think of (`behave`).
 *
 *     const aws = await startAwsDouble();
 *     aws.identityCenter.addAccount({ accountId: "123456789012", roleNames: ["Reader"] });
 *     const signedIn = aws.identityCenter.signIn();       // for ~/.aws/sso/cache/<sha1>.json
 *     await runAwsrole(["whoami", "corp"], { env: { ...home.env, ...aws.env } });
 *     expect(aws.callsOf("GetRoleCredentials")).toHaveLength(1);
 *     aws.behave({ perSecond: 20, only: ["ListAccountRoles"] });   // throttling
 *     await aws.close();
 *
 * A browser is `fetch(url)`: `/authorize` answers with the redirect to the callback (`identityCenter.settings.person` decides).
 * A test that means to send what AWS refuses asks for `takeViolations()` afterwards.
 *
 * Node's own modules only, so that the demo can bundle it. What AWS does and this does not: identity policies of users that a test
 * adds (they may do everything), root users, GET and presigned requests of query services.
 */
import { randomUUID } from "node:crypto";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import {
  readRequest,
  requireGoodAnswer,
  type ReadRequest,
  type WireRequest,
} from "./aws-double/check-request.ts";
import { createIdentityCenter } from "./aws-double/identity-center.ts";
import { createMetadata } from "./aws-double/metadata.ts";
import { MODELS, statusOfError, type ServiceName } from "./aws-double/models.ts";
import type { ServiceActions, ServiceAnswer } from "./aws-double/service-call.ts";
import { refuseByFaults } from "./aws-double/service-faults.ts";
import { createSignin } from "./aws-double/signin.ts";
import { recordViolation } from "./aws-double/violations.ts";
import {
  formatAnswer,
  formatRefusal,
  isRefusal,
  refusal,
  type Refusal,
  type XmlStructure,
} from "./aws-double/answers.ts";
import { authenticate } from "./aws-double/authenticate.ts";
import { sendSpoiled, withUnknownFields, type Behaviour } from "./aws-double/behaviour.ts";
import { createClock } from "./aws-double/clock.ts";
import type { Parameters } from "./aws-double/action-request.ts";
import { createDirectory } from "./aws-double/directory.ts";
import { IAM_ACTIONS } from "./aws-double/iam-actions.ts";
import { IAM_SETUP_ACTIONS } from "./aws-double/iam-setup-actions.ts";
import { requireAllowed } from "./aws-double/identity-policy.ts";
import { createInhabitants, DEFAULT_ACCOUNT_ID } from "./aws-double/inhabitants.ts";
import { readSignatureClaim } from "./aws-double/signature.ts";
import { STS_ACTIONS, UNSIGNED_ACTIONS } from "./aws-double/sts-actions.ts";

/** One request as the double saw it. Its tokens and codes are as false as the rest. */
export type LoggedRequest = WireRequest & {
  /** By the double's clock. */
  at: Date;
  service: ServiceName;
  /** The operation; empty when the models know none. */
  action: string;
  /** Members by the model's names. */
  input: Record<string, unknown>;
  /** Of the query services: the form as it was sent. */
  params: Parameters;
  /** From the credential scope; undefined when unsigned. */
  accessKeyId: string | undefined;
  region: string | undefined;
  userAgent: string | undefined;
  /** The answer's; undefined while, or when, there is none. */
  status: number | undefined;
  errorCode: string | undefined;
};

/** A running double. */
export type AwsDouble = Awaited<ReturnType<typeof startAwsDouble>>;

const SERVICES = Object.keys(MODELS) as ServiceName[];
const DEFAULT_TOKEN_LENGTH = 356;

/** Starts a double on free ports of 127.0.0.1: one for each service, and one for all that have an AWS_ENDPOINT_URL. */
export async function startAwsDouble() {
  const clock = createClock();
  const directory = createDirectory();
  const inhabitants = createInhabitants(directory, clock);
  const identityCenter = createIdentityCenter(directory, clock);
  const signin = createSignin(directory, clock, inhabitants.bob);
  const metadata = createMetadata(directory, clock, inhabitants.role);
  const actions: Partial<Record<ServiceName, ServiceActions>> = {
    sso: identityCenter.portal,
    "sso-oidc": identityCenter.oidc,
    signin: signin.actions,
    imds: metadata.instance,
    container: metadata.container,
  };
  const requests: LoggedRequest[] = [];
  let behaviour: Behaviour = {};
  const listeners = await Promise.all([undefined, ...SERVICES].map((service) => listen(service)));
  const [all, ...single] = listeners.map(({ url }) => url);
  const urls = Object.fromEntries(
    SERVICES.map((service, index) => [service, single[index] ?? ""]),
  ) as Record<ServiceName, string>;
  /** The only Host headers that are right; a test adds that of a front of its own. */
  const hosts = new Set([all, ...single].map((url) => new URL(url ?? "").host));

  return {
    /** `http://127.0.0.1:PORT`, for AWS_ENDPOINT_URL: every service that it applies to. */
    url: all ?? "",
    /** Each service alone: a request that is meant for another one is refused. */
    urls,
    /** The variables that lead every client to its service. */
    env: {
      AWS_ENDPOINT_URL_STS: urls.sts,
      AWS_ENDPOINT_URL_IAM: urls.iam,
      AWS_ENDPOINT_URL_SSO: urls.sso,
      AWS_ENDPOINT_URL_SSO_OIDC: urls["sso-oidc"],
      AWS_ENDPOINT_URL_SIGNIN: urls.signin,
    },
    hosts,
    clock,
    /** Every request that was read, the oldest first. */
    requests: requests as readonly LoggedRequest[],
    callsOf: (action: string): LoggedRequest[] =>
      requests.filter((request) => request.action === action),
    ...inhabitants,
    identityCenter,
    signin,
    metadata,
    /** From now on so, and in no other way: `behave({})` ends it. */
    behave: (next: Behaviour): void => {
      behaviour = next;
    },
    /** Stops listening and drops every connection, hanging ones too. */
    close: async (): Promise<void> =>
      void (await Promise.all(listeners.map(({ close }) => close()))),
  };

  /** One server; without a service for all of them. */
  async function listen(
    service: ServiceName | undefined,
  ): Promise<{ url: string; close: () => Promise<void> }> {
    const sockets = new Set<Socket>();
    const http = createHttpServer((request, response) => {
      // a client that goes away while it sends is no failure of the double
      answer(service, request, response).catch(() => response.destroy());
    });
    const listener = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
      if (behaviour.hang === "accept") useUp();
      else http.emit("connection", socket);
    });
    await new Promise<void>((resolve, reject) =>
      listener.once("error", reject).listen(0, "127.0.0.1", resolve),
    );
    return {
      url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
      close: () =>
        new Promise((resolve) => {
          listener.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    };
  }

  async function answer(
    only: ServiceName | undefined,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { method = "", url: target = "/", headers } = incoming;
    const request: WireRequest = { method, target, headers, body: await readBody(incoming) };
    const service = only ?? serviceOf(request);
    const read = readRequest(service, request);
    if (!hosts.has(headers.host ?? "")) read.unknown.push(`the Host header is ${headers.host}`);
    // No operation, and meant so: `doctor --online` asks for the Date of any answer.
    const isProbe =
      service === "sts" && method === "GET" && target === "/" && headers.accept === undefined;
    for (const what of isProbe ? [] : [...read.unknown, ...read.broken])
      recordViolation(`${service} ${read.operation ?? ""}: ${what}`);
    const logged = logRequest(service, request, read);
    const action = logged.action;
    const applied = behaviourFor(action);
    const requestId = randomUUID();
    if (applied.delayMs !== undefined) await setTimeout(applied.delayMs, undefined, { ref: false });
    if (applied.hang === "headers") return;
    if (applied.reset === true) {
      incoming.socket.resetAndDestroy();
      return;
    }
    const { protocol, xmlNamespace = "" } = MODELS[service].metadata;
    let text = "";
    try {
      if (protocol !== "query" || read.operation === undefined) requireKnown(service, read);
      const recent = requests.filter(
        (one) => one.action === action && one.at.getTime() > logged.at.getTime() - 1000,
      ).length;
      refuseByFaults(applied, {
        service,
        action,
        region: logged.region ?? "",
        accountId: DEFAULT_ACCOUNT_ID,
        recent,
      });
      logged.status = 200;
      if (protocol === "query") {
        response.setHeader("content-type", "text/xml");
        const result = performQuery(service, logged, read, applied);
        requireGoodAnswer(service, action, result);
        const spoiled = applied.unknownFields === true && result !== undefined;
        text = formatAnswer(
          xmlNamespace,
          action,
          spoiled ? withUnknownFields(result) : result,
          requestId,
        );
      } else {
        requireUnbroken(service, read);
        const perform = actions[service]?.[action] as
          | ((call: unknown) => ServiceAnswer)
          | undefined;
        if (perform === undefined) throw new Error(`the double has no ${service} ${action}`);
        const given = perform({
          input: read.input,
          request,
          now: clock.now(),
          url: `http://${headers.host}`,
        });
        if (given !== undefined && "redirect" in given) {
          logged.status = 302;
          response.setHeader("location", given.redirect);
        } else if (given !== undefined && "text" in given) {
          response.setHeader("content-type", "text/plain");
          text = given.text;
        } else {
          requireGoodAnswer(service, action, given?.json);
          response.setHeader("content-type", "application/json");
          const json = given?.json as XmlStructure | undefined;
          text =
            json === undefined
              ? ""
              : JSON.stringify(applied.unknownFields === true ? withUnknownFields(json) : json);
        }
      }
    } catch (error) {
      const refused = isRefusal(error) ? error : refusal(500, "InternalFailure", String(error));
      if (!isRefusal(error))
        recordViolation(`the double failed at ${service} ${action}: ${String(error)}`);
      logged.status = refused.status;
      logged.errorCode = refused.code;
      for (const [name, value] of Object.entries(refused.headers)) response.setHeader(name, value);
      response.setHeader("content-type", protocol === "query" ? "text/xml" : "application/json");
      if (protocol === "rest-json")
        response.setHeader("x-amzn-errortype", errorType(service, refused));
      text =
        protocol === "query"
          ? formatRefusal(xmlNamespace, refused, requestId)
          : protocol === "text"
            ? refused.message
            : JSON.stringify(refused.json);
      requireKnownError(service, action, refused, applied);
    }
    response.statusCode = logged.status ?? 500;
    response.setHeader("date", clock.now().toUTCString());
    response.setHeader("x-amzn-requestid", requestId);
    sendSpoiled(response, text, applied);
  }

  /** Who signs, whether the parameters keep their limits, then the action itself. */
  function performQuery(
    service: ServiceName,
    logged: LoggedRequest,
    read: ReadRequest,
    applied: Behaviour,
  ): XmlStructure | undefined {
    const { action, params } = logged;
    const context = {
      params,
      input: read.input,
      directory,
      now: clock.now(),
      tokenLength: applied.tokenLength ?? DEFAULT_TOKEN_LENGTH,
      newKeyUnknownFor: applied.newKeyUnknownFor ?? 0,
      fractionalExpiration: applied.fractionalExpiration === true,
    };
    const unsigned = Object.hasOwn(UNSIGNED_ACTIONS, action) ? UNSIGNED_ACTIONS[action] : undefined;
    if (unsigned !== undefined) {
      requireKnown(service, read);
      requireUnbroken(service, read);
      return unsigned(context);
    }
    const signed = {
      method: logged.method,
      target: logged.target,
      headers: logged.headers,
      body: logged.body,
    };
    const caller = authenticate(signed, { directory, now: context.now, service });
    requireKnown(service, read);
    requireUnbroken(service, read);
    requireAllowed(directory, caller, { service, action, params });
    const perform = { ...STS_ACTIONS, ...IAM_ACTIONS, ...IAM_SETUP_ACTIONS }[action];
    if (perform === undefined) throw new Error(`the double has no ${service} ${action}`);
    return perform({ ...context, caller });
  }

  function logRequest(
    service: ServiceName,
    request: WireRequest,
    read: ReadRequest,
  ): LoggedRequest {
    const isQuery = MODELS[service].metadata.protocol === "query";
    const params = isQuery ? Object.fromEntries(new URLSearchParams(request.body.toString())) : {};
    const logged: LoggedRequest = {
      ...request,
      at: clock.now(),
      service,
      action: read.operation ?? params["Action"] ?? "",
      input: read.input,
      params,
      accessKeyId: undefined,
      region: undefined,
      userAgent: request.headers["user-agent"],
      status: undefined,
      errorCode: undefined,
    };
    try {
      const { accessKeyId, region } = readSignatureClaim(request.headers);
      Object.assign(logged, { accessKeyId, region });
    } catch {
      // unsigned, or signed wrongly: the answer will say so
    }
    requests.push(logged);
    return logged;
  }

  function behaviourFor(action: string): Behaviour {
    if (behaviour.only?.includes(action) === false) return {};
    const applied = behaviour;
    useUp();
    return applied;
  }

  /** Counts one request off `times`. */
  function useUp(): void {
    if (behaviour.times !== undefined) {
      behaviour = behaviour.times > 1 ? { ...behaviour, times: behaviour.times - 1 } : {};
    }
  }
}

/** The service whose model knows the request, of those that AWS_ENDPOINT_URL applies to. */
function serviceOf(request: WireRequest): ServiceName {
  const known = (["sts", "iam", "sso", "sso-oidc", "signin"] as const).find(
    (service) => readRequest(service, request).operation !== undefined,
  );
  return known ?? "sts";
}

function requireKnown(service: ServiceName, { operation, unknown }: ReadRequest): void {
  if (unknown.length === 0) return;
  const isQuery = MODELS[service].metadata.protocol === "query";
  const code = isQuery && operation === undefined ? "InvalidAction" : "ForbiddenByModel";
  throw refusal(400, code, unknown.join("; "));
}

/** Throws one ValidationError that names every value that breaks its limits, as AWS does. */
function requireUnbroken(service: ServiceName, { broken }: ReadRequest): void {
  if (broken.length === 0) return;
  const count = broken.length === 1 ? "1 validation error" : `${broken.length} validation errors`;
  const code =
    MODELS[service].metadata.protocol === "query" ? "ValidationError" : "ForbiddenByModel";
  throw refusal(400, code, `${count} detected: ${broken.join("; ")}`);
}

/** Errors, too, are only those that AWS is known to send; a status that a test chose is the test's business. */
function requireKnownError(
  service: ServiceName,
  action: string,
  refused: Refusal,
  applied: Behaviour,
): void {
  const status = statusOfError(service, action, refused.code);
  const isChosen =
    applied.throttle !== undefined ||
    applied.serverError !== undefined ||
    applied.refuse !== undefined;
  if (refused.code !== "ForbiddenByModel" && !isChosen && status !== refused.status)
    recordViolation(
      `the double answered ${service} ${action} with ${refused.status} ${refused.code}, which AWS is not known to send`,
    );
}

/** As seen in aws-cli#5971. */
function errorType(service: ServiceName, { code }: Refusal): string {
  return service === "sso-oidc"
    ? `${code}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/`
    : code;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
