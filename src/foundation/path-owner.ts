/**
 * Whether another user could put something else where a path leads. The rules, as those of sshd's StrictModes, but with every link
 * followed step by step:
 *
 * - Every folder, link and file on the way belongs to us or to root. So does `/`, except where a user namespace shows root's files
 *   as those of nobody (65534): its owner can replace everything anyway, and counts as root there.
 * - A folder or file that everybody can write is open. Not so a folder with the sticky bit: of what is in it, which belongs to us or
 *   root, nothing can be renamed or replaced.
 * - The same for a group, unless only we (and root) are in it: see `PathUser`.
 * - A link's own mode means nothing; a socket's says who may connect to it.
 *
 * Access control lists are not read: what they allow a named user shows in the group's bits, as long as the group is not ours.
 */
import { lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { whileOpening } from "./opened-file.ts";

/** One step on the way: `/`, then each name, and behind a link the names of its target. */
export type PathStep = { readonly path: string; readonly stats: Stats };

/** Who we are, and who else is in a group. */
export type PathUser = {
  readonly uid: number;
  /** Who can write with the group's rights: `ours` when it is our private group, or root's; `empty` when it has no members. */
  readonly whoIsIn: (gid: number) => "ours" | "empty" | "others";
};

/** A step that another user owns or can write. */
export type OpenStep = PathStep & { readonly openTo: "owner" | "everybody" | "group" };

/** The longest chain of links that Linux follows. */
const maxLinks = 40;

/** Every step to the absolute `path`, in order. @throws the file system's error where a step is missing; ELOOP. */
export function* pathSteps(path: string): Generator<PathStep> {
  yield { path: "/", stats: lstatSync("/") };
  let at = "/";
  const rest = namesOf(path);
  for (let links = 0; ;) {
    const name = rest.shift();
    if (name === undefined) return;
    if (name === "..") {
      at = posix.dirname(at);
      continue;
    }
    const next = posix.join(at, name);
    const stats = whileOpening(next, () => lstatSync(next));
    yield { path: next, stats };
    if (!stats.isSymbolicLink()) {
      at = next;
      continue;
    }
    if ((links += 1) > maxLinks)
      throw Object.assign(new Error(`too many links: ${path}`), { code: "ELOOP" });
    const target = readlinkSync(next);
    if (posix.isAbsolute(target)) at = "/";
    rest.unshift(...namesOf(target));
  }
}

/** The steps to the absolute `path` that another user owns or can write. @throws as `pathSteps` does. */
export function* openSteps(path: string, user: PathUser = ourselves()): Generator<OpenStep> {
  let rootOwner = 0;
  for (const step of pathSteps(path)) {
    const { stats } = step;
    if (step.path === "/") rootOwner = stats.uid;
    if (stats.uid !== user.uid && stats.uid !== 0 && stats.uid !== rootOwner) {
      yield { ...step, openTo: "owner" };
      continue;
    }
    if (stats.isSymbolicLink() || stats.isSocket()) continue;
    if (stats.isDirectory() && (stats.mode & 0o1000) !== 0) continue;
    if ((stats.mode & 0o002) !== 0) yield { ...step, openTo: "everybody" };
    else if ((stats.mode & 0o020) !== 0 && user.whoIsIn(stats.gid) !== "ours")
      yield { ...step, openTo: "group" };
  }
}

/** The step as the end of a sentence: `/srv/open can be written by every user`. */
export function describeOpenStep({ path, stats, openTo }: OpenStep): string {
  if (openTo === "owner") return `${path} belongs to another user (uid ${stats.uid})`;
  if (openTo === "everybody") return `${path} can be written by every user`;
  return `${path} can be written by the group ${groupsByGid().get(stats.gid)?.name ?? stats.gid}`;
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** The user of this process, and the groups of this machine's own files (a directory service's are not seen, and count as others). */
export function ourselves(): PathUser {
  const uid = process.getuid?.() ?? -1;
  return { uid, whoIsIn: (gid) => whoIsIn(gid, uid) };
}

/**
 * A private group, as Debian, Fedora and others give each user: it has the user's name and no other members; one of a directory service,
 * which /etc/group does not list, has the user's number. Where /etc/passwd does not list us (a directory service, macOS), no other group
 * counts as empty. https://wiki.debian.org/UserPrivateGroups
 */
function whoIsIn(gid: number, uid: number): "ours" | "empty" | "others" {
  const users = linesOf("/etc/passwd").map(([name = "", , id, first]) => ({
    name,
    uid: Number(id),
    gid: Number(first),
  }));
  const isUs = (user: { readonly uid: number }): boolean => user.uid === uid || user.uid === 0;
  const group = groupsByGid().get(gid);
  const isShared =
    users.some((user) => user.gid === gid && !isUs(user)) ||
    group?.members.some((name) => !users.some((user) => user.name === name && isUs(user)));
  if (isShared === true) return "others";
  const isPrivate = group === undefined ? gid === uid : group.name === ownName();
  if (gid === 0 || isPrivate) return "ours";
  return group !== undefined && users.some((user) => user.uid === uid) ? "empty" : "others";
}

function ownName(): string | undefined {
  try {
    // Loaded only here: cached answers walk a path, too, and need no name.
    return process.getBuiltinModule("node:os").userInfo().username;
  } catch {
    // A uid without a name, as in many containers.
    return undefined;
  }
}

function groupsByGid(): ReadonlyMap<
  number,
  { readonly name: string; readonly members: readonly string[] }
> {
  return new Map(
    linesOf("/etc/group").map(([name = "", , gid, members = ""]) => [
      Number(gid),
      { name, members: members.split(",").filter((member) => member !== "") },
    ]),
  );
}

function linesOf(file: string): string[][] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}
