/**
 * Which calls of the native keychain library are under way.
 *
 * Node cannot end while one of them is blocked (an unlock prompt nobody answers): process.exit() waits for the thread. So
 * whoever ends the process asks here first, and `end-process.ts` finds here the sockets that set the call free.
 * The state hangs on globalThis because the cache-hit bundle and the rest of the program are separate files with a copy of
 * this module each.
 */
import { readdirSync, readlinkSync } from "node:fs";

/** Runs one call of the library and remembers it until it settles. */
export async function trackNativeCall<T>(call: () => Promise<T>): Promise<T> {
  const calls = nativeCalls();
  calls.pending++;
  try {
    return await call();
  } finally {
    calls.pending--;
  }
}

/** True while a call has not been answered: the process must then end through `endBlockedProcess`. */
export function hasPendingNativeCall(): boolean {
  return nativeCalls().pending > 0;
}

/** Descriptors of the sockets that were opened since the first call: the library's own are among them. */
export function socketsSinceFirstCall(): number[] {
  const { socketsBefore } = nativeCalls();
  return [...openSockets()].flatMap(([socket, fd]) => (socketsBefore.has(socket) ? [] : [fd]));
}

type NativeCalls = { pending: number; readonly socketsBefore: ReadonlyMap<string, number> };

const NATIVE_CALLS = Symbol.for("awsrole.native-calls");

function nativeCalls(): NativeCalls {
  const holder = globalThis as typeof globalThis & { [NATIVE_CALLS]?: NativeCalls };
  return (holder[NATIVE_CALLS] ??= { pending: 0, socketsBefore: openSockets() });
}

/** From a socket's name, which is unique, to its descriptor, which is not; empty where there is no /proc. */
function openSockets(): Map<string, number> {
  const sockets = new Map<string, number>();
  for (const fd of entriesOf("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (target.startsWith("socket:")) sockets.set(target, Number(fd));
    } catch {
      // The listing's own descriptor is gone by now.
    }
  }
  return sockets;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
