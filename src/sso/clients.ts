/**
 * The SDK's clients for signing in: large and seldom needed, so the build makes a file of its own of them, beside those of the programs.
 * Reached by `import()` only.
 */
import { createOidc } from "./oidc.ts";
import { createPortal } from "./portal.ts";
import { createSignin } from "./signin.ts";

/** IAM Identity Center's OIDC service and portal, and AWS Sign-In. */
export const ssoClients = { createOidc, createPortal, createSignin };

export type SsoClients = typeof ssoClients;
