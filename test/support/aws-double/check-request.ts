/**
 * Reads a request by its service's model, and finds everything that the model forbids: an operation, path, method, member or
 * location that is not there, a member that is missing, a value that breaks its limits.
 */
import type { IncomingHttpHeaders } from "node:http";
import { MODELS, type Operation, type Reference, type ServiceName, type Shape } from "./models.ts";

/** An HTTP request as it came. */
export type WireRequest = {
  method: string;
  /** Path and query. */
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
};

/** A request that was read. */
export type ReadRequest = {
  /** Undefined when the model has no such operation. */
  operation: string | undefined;
  input: Record<string, unknown>;
  /** Values that break their limits, in AWS's own words. */
  broken: string[];
  /** Everything else that is wrong. */
  unknown: string[];
};

/** Headers of ours to AWS that no model lists: those of every client, and those that sign. */
const CLIENT_HEADERS = /^x-amz-user-agent$/;
const SIGNING_HEADERS = /^(?:authorization|x-amz-(?:date|security-token|content-sha256))$/;

/** Reads `request` as one to `service`. */
export function readRequest(service: ServiceName, request: WireRequest): ReadRequest {
  return MODELS[service].metadata.protocol === "query"
    ? readQueryRequest(service, request)
    : readRestRequest(service, request);
}

function readQueryRequest(
  service: ServiceName,
  { method, target, headers, body }: WireRequest,
): ReadRequest {
  const model = MODELS[service];
  const left = new Map<string, string>();
  const unknown: string[] = [];
  for (const [name, value] of new URLSearchParams(body.toString())) {
    if (left.has(name)) unknown.push(`${name} is given twice`);
    left.set(name, value);
  }
  if (method !== "POST" || target !== "/") unknown.push(`${method} ${target} is not POST /`);
  const type = String(headers["content-type"]).split(";")[0];
  if (type !== "application/x-www-form-urlencoded") unknown.push(`the content type is ${type}`);
  const operation = left.get("Action") ?? "";
  const version = left.get("Version");
  const known = Object.hasOwn(model.operations, operation)
    ? model.operations[operation]
    : undefined;
  if (known === undefined || version !== model.metadata.apiVersion) {
    unknown.push(`${service} has no operation ${operation} of version ${version}`);
    return { operation: undefined, input: {}, broken: [], unknown };
  }
  unknown.push(...unknownHeaders(headers, [], known.signed));
  left.delete("Action");
  left.delete("Version");
  const reader = createReader(service);
  const input = (
    known.input === undefined ? {} : reader.fromForm(left, { shape: known.input }, "")
  ) as Record<string, unknown>;
  unknown.push(...[...left.keys()].map((name) => `${operation} has no parameter ${name}`));
  reader.check(input, { shape: known.input ?? "" }, "");
  return { operation, input, broken: reader.broken, unknown: [...unknown, ...reader.unknown] };
}

function readRestRequest(service: ServiceName, request: WireRequest): ReadRequest {
  const [path = "", query = ""] = request.target.split("?", 2);
  const asked = new URLSearchParams(query);
  const found = findOperation(service, request.method, path, asked);
  if (found === undefined) {
    const unknown = [`${service} has no operation ${request.method} ${request.target}`];
    return { operation: undefined, input: {}, broken: [], unknown };
  }
  const { name, operation, segments, fixedQuery } = found;
  const { shapes } = MODELS[service];
  const shape = shapes[operation.input ?? ""];
  const members = Object.entries(shape?.members ?? {});
  const reader = createReader(service);
  const unknown: string[] = [];
  const input: Record<string, unknown> = {};
  const at = (location: Reference["location"]) =>
    members.filter(([, member]) => member.location === location);
  const readText = (member: string, reference: Reference, value: string | undefined): void => {
    if (value !== undefined) input[member] = reader.fromText(value, reference, member);
  };

  for (const [member, reference] of at("uri"))
    readText(member, reference, segments[reference.locationName ?? member]);
  for (const [member, reference] of at("header")) {
    const value = request.headers[(reference.locationName ?? member).toLowerCase()];
    readText(member, reference, value === undefined ? undefined : String(value));
  }
  unknown.push(
    ...unknownHeaders(
      request.headers,
      [
        ...at("header").map(([member, { locationName }]) => locationName ?? member),
        ...(MODELS[service].headers?.[name] ?? []),
      ],
      operation.signed,
    ),
  );
  unknown.push(...readPairs(asked, at("querystring"), fixedQuery, "query"));
  const inForm = at("form");
  const inBody = at(undefined);
  const type = String(request.headers["content-type"]).split(";")[0];
  if (inForm.length > 0) {
    if (type !== "application/x-www-form-urlencoded") unknown.push(`the content type is ${type}`);
    unknown.push(
      ...readPairs(new URLSearchParams(request.body.toString()), inForm, new Set(), "form"),
    );
  } else if (inBody.length > 0) {
    if (type !== "application/json") unknown.push(`the content type is ${type}`);
    readJson();
  } else if (request.body.length > 0 && !["", "{}"].includes(request.body.toString())) {
    unknown.push(`${name} has no body`);
  }
  if (operation.input !== undefined) reader.check(input, { shape: operation.input }, "");
  return {
    operation: name,
    input,
    broken: reader.broken,
    unknown: [...unknown, ...reader.unknown],
  };

  function readPairs(
    pairs: URLSearchParams,
    expected: readonly (readonly [string, Reference])[],
    fixed: ReadonlySet<string>,
    where: string,
  ): string[] {
    const names = expected.map(([member, { locationName }]) => locationName ?? member);
    for (const [index, [member, reference]] of expected.entries())
      readText(member, reference, pairs.get(names[index] ?? "") ?? undefined);
    const given = [...pairs.keys()].filter((key) => !fixed.has(key));
    return [
      ...given
        .filter((key) => !names.includes(key))
        .map((key) => `${name} has no ${key} in its ${where}`),
      ...given
        .filter((key, index) => given.indexOf(key) !== index)
        .map((key) => `${key} is given twice`),
    ];
  }

  function readJson(): void {
    let sent: unknown;
    try {
      sent = JSON.parse(request.body.toString());
    } catch {
      unknown.push("the body is not JSON");
      return;
    }
    const { payload } = shape ?? {};
    if (payload !== undefined) {
      input[payload] = sent;
    } else if (typeof sent === "object" && sent !== null) {
      const wrong = Object.keys(sent).filter((key) => !inBody.some(([member]) => member === key));
      unknown.push(...wrong.map((key) => `${name} has no member ${key} in its body`));
      Object.assign(
        input,
        Object.fromEntries(Object.entries(sent).filter(([key]) => !wrong.includes(key))),
      );
    } else unknown.push("the body is not an object");
  }
}

function findOperation(service: ServiceName, method: string, path: string, query: URLSearchParams) {
  const fitting = Object.entries(MODELS[service].operations).flatMap(([name, operation]) => {
    const [template = "", fixed = ""] = operation.uri.split("?", 2);
    const segments = matchPath(template, path);
    const fixedPairs = [...new URLSearchParams(fixed)];
    const fits =
      operation.method === method &&
      segments !== undefined &&
      fixedPairs.every(([key, value]) => query.get(key) === value);
    return fits
      ? [{ name, operation, segments, fixedQuery: new Set(fixedPairs.map(([key]) => key)) }]
      : [];
  });
  // of those of one path the one that says more about the query
  return fitting.toSorted((a, b) => b.fixedQuery.size - a.fixedQuery.size)[0];
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const source = template
    .replaceAll(/[.+?^$()[\]|\\]/g, "\\$&")
    .replaceAll(/\{(\w+)\\\+\}/g, "(?<$1>.+)")
    .replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  const match = new RegExp(`^${source}$`).exec(path);
  return match === null ? undefined : { ...match.groups };
}

/** Of an operation that is not signed a signature is one too many: it would say who calls to a service that need not know. */
function unknownHeaders(
  headers: IncomingHttpHeaders,
  expected: readonly string[],
  isSigned: boolean,
): string[] {
  return Object.keys(headers)
    .filter((name) => /^x-a(?:mz|ws)-|^authorization$|^dpop$/.test(name))
    .filter((name) => !expected.some((one) => one.toLowerCase() === name))
    .filter((name) => !CLIENT_HEADERS.test(name) && !(isSigned && SIGNING_HEADERS.test(name)))
    .map((name) => `there is no header ${name}`);
}

/** Reads values by shapes, and collects what is wrong with them. `path` is a member's as AWS writes it: `tags.1.member.key`. */
function createReader(service: ServiceName) {
  const { shapes } = MODELS[service];
  const broken: string[] = [];
  const unknown: string[] = [];
  const shapeOf = ({ shape }: Reference): Shape =>
    shapes[shape] ?? { type: "structure", members: {} };

  /** A value that came as text. */
  function fromText(text: string, reference: Reference, path: string): unknown {
    const { type } = shapeOf(reference);
    if (type === "integer" || type === "long") {
      if (/^-?\d+$/.test(text)) return Number(text);
      unknown.push(`'${text}' at '${path}' is not a number`);
    } else if (type === "boolean") {
      if (/^(?:true|false)$/.test(text)) return text === "true";
      unknown.push(`'${text}' at '${path}' is neither true nor false`);
    }
    return text;
  }

  /** Takes what belongs to a shape out of the form's fields: lists are `Tags.member.1.Key`. */
  function fromForm(left: Map<string, string>, reference: Reference, prefix: string): unknown {
    const shape = shapeOf(reference);
    if (shape.type === "structure") {
      const members = Object.entries(shape.members ?? {}).map(([name, member]) => {
        const key = `${prefix === "" ? "" : `${prefix}.`}${member.locationName ?? name}`;
        return [name, fromForm(left, member, key)] as const;
      });
      const given = members.filter(([, value]) => value !== undefined);
      return given.length === 0 && prefix !== "" ? undefined : Object.fromEntries(given);
    }
    if (shape.type === "list" && shape.member !== undefined) {
      const list: unknown[] = [];
      for (let number = 1; ; number += 1) {
        const value = fromForm(left, shape.member, `${prefix}.member.${number}`);
        if (value === undefined) break;
        list.push(value);
      }
      const empty = left.get(prefix) === "" && left.delete(prefix);
      return list.length === 0 && !empty ? undefined : list;
    }
    const text = left.get(prefix);
    left.delete(prefix);
    return text === undefined ? undefined : fromText(text, reference, prefix);
  }

  /** Holds a value against its shape. */
  function check(value: unknown, reference: Reference, path: string): void {
    const shape = shapeOf(reference);
    if (shape.type === "structure") {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        unknown.push(`${path} is not a structure`);
        return;
      }
      const below = (name: string): string =>
        path === "" ? camelCase(name) : `${path}.${camelCase(name)}`;
      for (const name of shape.required ?? [])
        if (!Object.hasOwn(value, name) || (value as Record<string, unknown>)[name] === null)
          broken.push(
            `Value null at '${below(name)}' failed to satisfy constraint: Member must not be null`,
          );
      for (const [name, inner] of Object.entries(value)) {
        const member = shape.members?.[name];
        if (member === undefined) unknown.push(`there is no member ${below(name)}`);
        else if (inner !== undefined && inner !== null) check(inner, member, below(name));
      }
    } else if (shape.type === "list") {
      if (!Array.isArray(value)) {
        unknown.push(`${path} is not a list`);
        return;
      }
      checkLength(value.length, JSON.stringify(value), shape, path);
      for (const [index, inner] of value.entries())
        if (shape.member !== undefined) check(inner, shape.member, `${path}.${index + 1}.member`);
    } else checkScalar(value, shape, path);
  }

  function checkScalar(value: unknown, shape: Shape, path: string): void {
    const isNumber = shape.type === "integer" || shape.type === "long";
    const expected = isNumber ? "number" : shape.type === "boolean" ? "boolean" : "string";
    if (typeof value !== expected) {
      // text that is no number was named where it was read
      if (typeof value !== "string" || expected === "string")
        unknown.push(`${path} is not a ${expected}`);
      return;
    }
    const { pattern, min, max, enum: values } = shape;
    if (typeof value === "number") {
      if (min !== undefined && value < min)
        breaks(String(value), path, `have value greater than or equal to ${min}`);
      if (max !== undefined && value > max)
        breaks(String(value), path, `have value less than or equal to ${max}`);
    } else if (typeof value === "string") {
      if (pattern !== undefined && !compile(pattern).test(value))
        breaks(value, path, `satisfy regular expression pattern: ${pattern}`);
      checkLength(Array.from(value).length, value, shape, path);
      if (values !== undefined && !values.includes(value))
        breaks(value, path, `satisfy enum value set: [${values.join(", ")}]`);
    }
  }

  function checkLength(length: number, value: string, { min, max }: Shape, path: string): void {
    if (min !== undefined && length < min)
      breaks(value, path, `have length greater than or equal to ${min}`);
    if (max !== undefined && length > max)
      breaks(value, path, `have length less than or equal to ${max}`);
  }

  function breaks(value: string, path: string, must: string): void {
    broken.push(`Value '${value}' at '${path}' failed to satisfy constraint: Member must ${must}`);
  }

  return { broken, unknown, fromText, fromForm, check };
}

/** @throws when `answer` has what its operation's model has not, or lacks what it requires: the double is wrong. */
export function requireGoodAnswer(service: ServiceName, action: string, answer: unknown): void {
  const operation = MODELS[service].operations[action];
  const problems = operation === undefined ? [] : problemsOfAnswer(service, operation, answer);
  if (problems.length > 0) throw new Error(`its answer is not the model's: ${problems.join("; ")}`);
}

function problemsOfAnswer(
  service: ServiceName,
  operation: Operation,
  answer: unknown,
): readonly string[] {
  const reader = createReader(service);
  const shape = MODELS[service].shapes[operation.output ?? ""];
  const whole = shape?.payload === undefined ? answer : { [shape.payload]: answer };
  reader.check(whole ?? {}, { shape: operation.output ?? "" }, "");
  return [...reader.broken, ...reader.unknown];
}

/** AWS's patterns are Java's, which may escape any character (`\:`) where JavaScript's flag `u` forbids it; they hold for the whole value. */
function compile(pattern: string): RegExp {
  const translated = pattern
    .replace("\\u10000-\\u10FFFF", "\\u{10000}-\\u{10FFFF}")
    .replaceAll(/\\([:=,@])/g, "$1");
  return new RegExp(`^(?:${translated})$`, "u");
}

function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
