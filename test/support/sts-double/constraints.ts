/**
 * Parameters of the query protocol, held against the limits of `service-limits.ts`. All violations of one request are
 * reported together, in AWS's words ("2 validation errors detected: …; …").
 */
import { refusal } from "./answers.ts";

/** The form fields of one request, as sent: lists are `Tags.member.1.Key`. */
export type Parameters = Readonly<Record<string, string>>;

/** The limits of one parameter. Lengths are of text, or of a list; values are of a number. */
export type Constraint = {
  required?: true;
  minLength?: number;
  maxLength?: number;
  /** As AWS prints it (Java's syntax, which for these is JavaScript's with the flag `u`). */
  pattern?: string;
  minValue?: number;
  maxValue?: number;
  /** The only values there are. */
  oneOf?: readonly string[];
};

/** Constraints by parameter; `X.member.y` holds for y of each member of the list X. */
export type Constraints = Readonly<Record<string, Constraint>>;

/** Throws one ValidationError that names every violation. */
export function checkParameters(params: Parameters, constraints: Constraints): void {
  const violations = Object.entries(constraints).flatMap(([name, constraint]) =>
    violationsOf(params, name, constraint),
  );
  if (violations.length === 0) return;
  const count =
    violations.length === 1 ? "1 validation error" : `${violations.length} validation errors`;
  throw refusal(400, "ValidationError", `${count} detected: ${violations.join("; ")}`);
}

/** The members of the list `name`, each with the fields below it ("" for the member itself), in the order of their numbers. */
export function listMembers(params: Parameters, name: string): Record<string, string>[] {
  const members = new Map<number, Record<string, string>>();
  for (const [key, value] of Object.entries(params)) {
    const match = key.startsWith(`${name}.member.`)
      ? /^(\d+)(?:\.(.+))?$/.exec(key.slice(name.length + ".member.".length))
      : null;
    if (match === null) continue;
    const index = Number(match[1]);
    members.set(index, { ...members.get(index), [match[2] ?? ""]: value });
  }
  return [...members].toSorted(([a], [b]) => a - b).map(([, member]) => member);
}

function violationsOf(params: Parameters, name: string, constraint: Constraint): string[] {
  const [list = "", field] = name.split(".member");
  if (field !== undefined) {
    return listMembers(params, list).flatMap((member, index) =>
      violationsOfValue(
        member[field.slice(1)],
        `${camelCase(list)}.${index + 1}.member${camelCase(field, 1)}`,
        constraint,
      ),
    );
  }
  const members = listMembers(params, name);
  if (members.length > 0) {
    const tooLong = constraint.maxLength !== undefined && members.length > constraint.maxLength;
    return tooLong
      ? [
          violation(
            JSON.stringify(members),
            camelCase(name),
            `have length less than or equal to ${constraint.maxLength}`,
          ),
        ]
      : [];
  }
  return violationsOfValue(params[name], camelCase(name), constraint);
}

function violationsOfValue(
  value: string | undefined,
  name: string,
  constraint: Constraint,
): string[] {
  if (value === undefined) {
    return constraint.required === true
      ? [`Value null at '${name}' failed to satisfy constraint: Member must not be null`]
      : [];
  }
  const { pattern, minLength, maxLength, minValue, maxValue, oneOf } = constraint;
  const isNumber = minValue !== undefined || maxValue !== undefined;
  if (isNumber && !/^-?\d+$/.test(value))
    throw refusal(400, "MalformedInput", `'${value}' at '${name}' is not a number`);
  const { length } = Array.from(value);
  const broken: (string | false)[] = [
    pattern !== undefined &&
      !compile(pattern).test(value) &&
      `satisfy regular expression pattern: ${pattern}`,
    minLength !== undefined &&
      length < minLength &&
      `have length greater than or equal to ${minLength}`,
    maxLength !== undefined &&
      length > maxLength &&
      `have length less than or equal to ${maxLength}`,
    minValue !== undefined &&
      Number(value) < minValue &&
      `have value greater than or equal to ${minValue}`,
    maxValue !== undefined &&
      Number(value) > maxValue &&
      `have value less than or equal to ${maxValue}`,
    oneOf !== undefined &&
      !oneOf.includes(value) &&
      `satisfy enum value set: [${oneOf.join(", ")}]`,
  ];
  return broken.filter((must) => must !== false).map((must) => violation(value, name, must));
}

function compile(pattern: string): RegExp {
  return new RegExp(
    `^(?:${pattern.replace("\\u10000-\\u10FFFF", "\\u{10000}-\\u{10FFFF}")})$`,
    "u",
  );
}

function violation(value: string, name: string, must: string): string {
  return `Value '${value}' at '${name}' failed to satisfy constraint: Member must ${must}`;
}

function camelCase(name: string, from = 0): string {
  return name.slice(0, from) + name.charAt(from).toLowerCase() + name.slice(from + 1);
}
