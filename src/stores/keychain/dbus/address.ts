/**
 * Where the session's message bus is, and whether it is ours. The rules:
 *
 * - The sockets that DBUS_SESSION_BUS_ADDRESS names come first (D-Bus specification 0.43, server addresses), then `bus` in XDG_RUNTIME_DIR,
 *   then /run/user/UID/bus, where systemd has it: cron, `su` and services have neither variable, and in a tmux server or `nohup` the
 *   address may be that of a session that has ended. An address with another transport only (`disabled:`) means no bus at all.
 * - A socket counts only if it is ours, in folders where no other user can put another in its place. GLib and libdbus look at the owner of
 *   XDG_RUNTIME_DIR/bus alone; but a bus in /tmp may have ended, and its name be another user's now.
 * - An abstract socket has no owner that could be looked at, and any user can take its name: it is refused.
 */
import { errorCode, hasErrorCode } from "../../../foundation/errno.ts";
import { statSync } from "node:fs";
import { posix } from "node:path";
import type { Environment } from "../../../foundation/environment.ts";
import { describeOpenStep, openSteps, ourselves } from "../../../foundation/path-owner.ts";

/** A place named for the bus: a socket, or a name that is refused. */
export type BusPlace =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "abstract"; readonly name: string };

/** The places to try, in order. */
export function sessionBusPlaces(env: Environment, uid = process.getuid?.()): readonly BusPlace[] {
  const runtimeFolder = env["XDG_RUNTIME_DIR"];
  const addresses = (env["DBUS_SESSION_BUS_ADDRESS"] ?? "").split(";").filter(Boolean);
  const standard = [
    runtimeFolder && posix.isAbsolute(runtimeFolder) ? `${runtimeFolder}/bus` : [],
    uid === undefined ? [] : `/run/user/${uid}/bus`,
  ].flat();
  const named = addresses.flatMap((address): BusPlace[] => {
    if (!address.startsWith("unix:")) return [];
    const { path, abstract, runtime } = parametersOf(address.slice("unix:".length));
    if (path !== undefined) return [{ kind: "socket", path }];
    if (abstract !== undefined) return [{ kind: "abstract", name: abstract }];
    return runtime === "yes" ? standard.slice(0, 1).map(socketAt) : [];
  });
  const isElsewhere =
    addresses.length > 0 && addresses.every((address) => !/^(?:unix|autolaunch):/.test(address));
  if (isElsewhere) return [];
  const places = [...named, ...standard.map(socketAt)];
  return places.filter(
    (place, index) =>
      places.findIndex((one) => JSON.stringify(one) === JSON.stringify(place)) === index,
  );
}

function socketAt(path: string): BusPlace {
  return { kind: "socket", path };
}

/** Why nothing is sent to this place, as a sentence part; undefined where it is our own socket. `absent`: nothing is there. */
export function refusalOf(
  place: BusPlace,
): { readonly absent: boolean; readonly why: string } | undefined {
  if (place.kind === "abstract") {
    return {
      absent: false,
      why: `the abstract socket ${place.name} has no owner to check: any user of this machine can take its name`,
    };
  }
  const { path } = place;
  if (!posix.isAbsolute(path)) return { absent: false, why: `${path} is not an absolute path` };
  try {
    const user = ourselves();
    const [open] = openSteps(path, user);
    if (open !== undefined) return { absent: false, why: describeOpenStep(open) };
    const found = statSync(path);
    if (!found.isSocket()) return { absent: false, why: `${path} is not a socket` };
    return found.uid === user.uid
      ? undefined
      : { absent: false, why: `${path} belongs to another user (uid ${found.uid})` };
  } catch (error) {
    const code = errorCode(error) ?? String(error);
    const absent = hasErrorCode(error, "ENOENT", "ENOTDIR");
    return {
      absent,
      why: absent ? `${path} does not exist` : `${path} cannot be read (${code})`,
    };
  }
}

/** `key=value,key=value`, in which bytes may be written as %XX. */
function parametersOf(text: string): Record<string, string | undefined> {
  const pairs = text.split(",").map((pair) => {
    const [key = "", ...value] = pair.split("=");
    const latin1 = value
      .join("=")
      .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
    return [key, Buffer.from(latin1, "latin1").toString()];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}
