/**
 * STS on the loopback, and the little of IAM that keys need, for tests and the demo: the query protocol over HTTP,
 * signatures, sessions and refusals as AWS has them, a clock of its own, and every way to fail that we could think of
 * (`behave`).
 *
 * Node's own modules only, so that the demo can bundle it. What it checks is listed in each file under sts-double/;
 * what AWS does and this does not: identity policies of users that a test adds (they may do everything), root users, GET and presigned requests.
 */
import { randomUUID } from "node:crypto";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { formatAnswer, formatRefusal, isRefusal, refusal } from "./sts-double/answers.ts";
import {
  refuseByBehaviour,
  sendSpoiled,
  withUnknownFields,
  type Behaviour,
} from "./sts-double/behaviour.ts";
import { createClock, type Clock } from "./sts-double/clock.ts";
import type { Parameters } from "./sts-double/constraints.ts";
import {
  createDirectory,
  type AccessKey,
  type Directory,
  type Role,
  type Session,
  type User,
} from "./sts-double/directory.ts";
import {
  createInhabitants,
  DEFAULT_ACCOUNT_ID,
  type AddedUser,
  type RoleToAdd,
  type UserToAdd,
} from "./sts-double/inhabitants.ts";
import { namespaceOf, performAction } from "./sts-double/perform.ts";
import { readSignatureClaim } from "./sts-double/signature.ts";

/** One request as the double saw it. Its `params` hold token codes and tokens too: they are as false as the rest. */
export type LoggedRequest = {
  /** By the double's clock. */
  at: Date;
  action: string;
  params: Parameters;
  /** From the credential scope; undefined when unsigned. */
  accessKeyId: string | undefined;
  region: string | undefined;
  userAgent: string | undefined;
  /** The answer's; undefined while, or when, there is none. */
  status: number | undefined;
  errorCode: string | undefined;
};

/** A running double. `bob` and `role` exist from the start. */
export type StsDouble = {
  /** `http://127.0.0.1:PORT`, for AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL_IAM. */
  url: string;
  clock: Clock;
  /** Every request that was read, the oldest first. */
  requests: readonly LoggedRequest[];
  callsOf: (action: string) => LoggedRequest[];
  /** User Bob of account 123456789012, with AWS's own example key and a device. */
  bob: AddedUser;
  /** `arn:aws:iam::123456789012:role/example-role`, which trusts all of its account, for up to 12 hours. */
  role: Role;
  addUser: (user: UserToAdd) => AddedUser;
  addRole: (role: RoleToAdd) => Role;
  setKeyStatus: (accessKeyId: string, status: AccessKey["status"]) => void;
  deleteKey: (accessKeyId: string) => void;
  /** The sessions it has issued, the oldest first. */
  sessions: () => Session[];
  /** Ends a session now: its next use is refused with ExpiredToken. */
  expireSession: (accessKeyId: string) => void;
  /** The code that a user's device shows now, by the double's clock. */
  currentCode: (user: User) => string;
  /** Registers a device for a user that was made by CreateUser. */
  giveMfaDevice: (userArn: string) => User;
  /** What there is, to look at. */
  iam: Pick<Directory, "usersByArn" | "rolesByArn" | "policiesByArn" | "keysById">;
  /** From now on so, and in no other way: `behave({})` ends it. */
  behave: (behaviour: Behaviour) => void;
  /** Stops listening and drops every connection, hanging ones too. */
  close: () => Promise<void>;
};

const DEFAULT_TOKEN_LENGTH = 356;

/** Starts a double on a free port of 127.0.0.1. */
export async function startStsDouble(): Promise<StsDouble> {
  const clock = createClock();
  const directory = createDirectory();
  const inhabitants = createInhabitants(directory, clock);
  const requests: LoggedRequest[] = [];
  let behaviour: Behaviour = {};
  const sockets = new Set<Socket>();

  const http = createHttpServer((request, response) => {
    // a client that goes away while it sends is no failure of the double
    answer(request, response).catch(() => response.destroy());
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
    clock,
    requests,
    callsOf: (action) => requests.filter((request) => request.action === action),
    ...inhabitants,
    behave: (next) => {
      behaviour = next;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const params = Object.fromEntries(new URLSearchParams(body.toString()));
    const action = params["Action"] ?? "";
    const logged = logRequest(request, action, params);
    const applied = behaviourFor(action);
    const requestId = randomUUID();
    if (applied.delayMs !== undefined) await setTimeout(applied.delayMs, undefined, { ref: false });
    if (applied.hang === "headers") return;
    if (applied.reset === true) {
      request.socket.resetAndDestroy();
      return;
    }
    let text;
    try {
      refuseByBehaviour(applied, action, logged.region ?? "", DEFAULT_ACCOUNT_ID);
      const signed = {
        method: request.method ?? "",
        target: request.url ?? "/",
        headers: request.headers,
        body,
      };
      const result = performAction(signed, params, {
        directory,
        now: clock.now(),
        tokenLength: applied.tokenLength ?? DEFAULT_TOKEN_LENGTH,
        newKeyUnknownFor: applied.newKeyUnknownFor ?? 0,
        fractionalExpiration: applied.fractionalExpiration === true,
      });
      logged.status = 200;
      text = formatAnswer(
        namespaceOf(action),
        action,
        applied.unknownFields === true && result !== undefined ? withUnknownFields(result) : result,
        requestId,
      );
    } catch (error) {
      const refused = isRefusal(error) ? error : refusal(500, "InternalFailure", String(error));
      logged.status = refused.status;
      logged.errorCode = refused.code;
      for (const [name, value] of Object.entries(refused.headers)) response.setHeader(name, value);
      text = formatRefusal(namespaceOf(action), refused, requestId);
    }
    response.statusCode = logged.status;
    response.setHeader("date", clock.now().toUTCString());
    response.setHeader("content-type", "text/xml");
    response.setHeader("x-amzn-requestid", requestId);
    sendSpoiled(response, text, applied);
  }

  function logRequest(request: IncomingMessage, action: string, params: Parameters): LoggedRequest {
    const logged: LoggedRequest = {
      at: clock.now(),
      action,
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

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
