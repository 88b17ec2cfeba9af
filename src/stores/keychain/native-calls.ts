/**
 * Which calls of the native keychain library are under way.
 *
 * Node cannot end while one of them is blocked (an unanswered unlock prompt): process.exit() waits for the thread. So
 * the code that ends the process asks here first.
 * The state hangs on globalThis because the cache-hit bundle and the rest of the program are separate files with a copy of
 * this module each.
 */

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

type NativeCalls = { pending: number };

const NATIVE_CALLS = Symbol.for("awsrole.native-calls");

function nativeCalls(): NativeCalls {
  const holder = globalThis as typeof globalThis & { [NATIVE_CALLS]?: NativeCalls };
  return (holder[NATIVE_CALLS] ??= { pending: 0 });
}
