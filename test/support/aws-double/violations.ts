/** What requests did that AWS's models forbid: kept until a test looks, or fails for it (`../fail-on-violations.ts`). */
const kept: string[] = [];

/** Keeps one. */
export function recordViolation(violation: string): void {
  kept.push(violation);
}

/** All since the last time, which are forgotten with this. A test that provokes some asks for them by this. */
export function takeViolations(): string[] {
  return kept.splice(0);
}
