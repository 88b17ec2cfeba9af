/**
 * What AWS's services allow, in one place. Sessions: STS API Reference, AssumeRole and GetSessionToken (`DurationSeconds`), and IAM User Guide, "Methods to
 * assume a role" (role chaining).
 */

/** Of a role's session, in seconds; `most` where the role allows as much (MaxSessionDuration), `usual` where nothing is asked for. */
export const roleSessionSeconds = { least: 900, usual: 3600, most: 43_200 } as const;

/** The longest session of a role that temporary credentials assume, in seconds, whatever the role allows. */
export const chainedRoleSeconds = 3600;

/** Of GetSessionToken's session, in seconds; `usual` where nothing is asked for. */
export const userSessionSeconds = { least: 900, usual: 43_200, most: 129_600 } as const;

/** The longest console session, in seconds. */
export const consoleSessionSeconds = 43_200;

/** Characters of AssumeRole's session policy. */
export const mostPolicyCharacters = 2048;

/** The longest session that GetFederationToken gives an account's root user, in seconds. */
export const rootFederationSeconds = 3600;
