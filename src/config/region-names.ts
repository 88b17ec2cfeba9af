/**
 * What the name of a region looks like. Not a list of all, which grows every year: the form that all of them have, with the compass points and digits
 * that AWS uses (botocore's partitions.json).
 */
import { closestMatch } from "../foundation/edit-distance.ts";

const compass = "(?:north|south|east|west|central|northeast|northwest|southeast|southwest)";
const areas = "(?:[a-z]{2}|us-gov|us-iso[bf]?|eu-isoe|eusc-[a-z]{2})";
const region = `${areas}-${compass}-[1-9]`;
const isRegionName = new RegExp(`^${region}$`);
/** A zone of a region, a local zone or a wavelength zone. */
const isZone = new RegExp(`^(${region})(?:[a-z]|-[a-z].*)$`);

const partitions: readonly (readonly [start: RegExp, partition: string])[] = [
  [/^cn-/, "aws-cn"],
  [/^us-gov-/, "aws-us-gov"],
  [/^us-iso-/, "aws-iso"],
  [/^us-isob-/, "aws-iso-b"],
  [/^eu-isoe-/, "aws-iso-e"],
  [/^us-isof-/, "aws-iso-f"],
  [/^eusc-/, "aws-eusc"],
];

/** For "did you mean" only. */
const wellKnown =
  "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2".split(
    " ",
  );
const knownAreas: ReadonlySet<string> = new Set(wellKnown.map((name) => name.slice(0, 2)));

/** What is wrong with the name of a region; `meant` where it can only mean one. Undefined for what can be a region, and for the names without a place. */
export function regionProblem(
  name: string,
):
  | { readonly what: string; readonly meant?: string; readonly guess?: string | undefined }
  | undefined {
  if (name === "aws-global" || name === "local") return undefined;
  const swapped = `${name[1] ?? ""}${name[0] ?? ""}`;
  const isSwapped = !knownAreas.has(name.slice(0, 2)) && knownAreas.has(swapped);
  if (isRegionName.test(name) && !isSwapped) return undefined;
  const standard = /^fips-(.+)|^(.+)-fips$/.exec(name)?.slice(1).join("");
  if (standard !== undefined && isRegionName.test(standard))
    return {
      what: "is an old name for FIPS endpoints, which has no host of its own",
      guess: standard,
    };
  const zone = isZone.exec(name)?.[1];
  if (zone !== undefined) return { what: "is a zone of a region", meant: zone };
  const plain = name.toLowerCase().replaceAll(/["']/g, "").replaceAll(/[_ ]/g, "-");
  if (isRegionName.test(plain) && !isSwapped)
    return { what: "is not written as a region is", meant: plain };
  return { what: "is the name of no region", guess: closestMatch(plain, wellKnown) };
}

/** The partition that a region is in (`aws`, `aws-cn`, …). */
export function partitionOfRegion(name: string): string {
  return partitions.find(([start]) => start.test(name))?.[1] ?? "aws";
}
