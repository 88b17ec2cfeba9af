/** Whether an identity is the one that was meant. */

/**
 * True when `arn`, as GetCallerIdentity says it, is `expected`: the same ARN, or a session of that role. A role's path is not part of its
 * sessions' ARNs, and an assumed-role ARN may be given without its session.
 */
export function isSessionOfRole(arn: string, expected: string): boolean {
  if (arn === expected) return true;
  const session = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn);
  if (session === null) return false;
  const [start, partition, account, role] = session;
  if (`${expected}/` === start) return true;
  const wanted = /^arn:([^:]+):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(expected);
  return wanted?.[1] === partition && wanted?.[2] === account && wanted?.[3] === role;
}
