/** The table of steps: the article from its first command to its last. */
import { checkSteps } from "./check-steps.ts";
import { iamSteps } from "./iam-steps.ts";
import { keyStep } from "./key-step.ts";
import { profileSteps } from "./profile-steps.ts";
import type { Step } from "./step.ts";
import type { SetupContext } from "./context.ts";

/** Every step of a setup in its order; each relies on those before it. */
export function setupSteps(world: SetupContext): readonly Step[] {
  return [...iamSteps(world), keyStep(world), ...profileSteps(world), ...checkSteps(world)];
}
