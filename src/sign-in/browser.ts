/** Opening an address in the person's browser. */
import type { Environment } from "../foundation/environment.ts";

/** False where no window can be shown: a Linux machine without a display. `BROWSER` may name one that needs none. */
export function canShowBrowser(env: Environment, platform: NodeJS.Platform): boolean {
  if (platform !== "linux") return true;
  return [env["DISPLAY"], env["WAYLAND_DISPLAY"], env["BROWSER"]].some((value) => !!value);
}

/** Starts the browser; whether it could be started. What it shows is not known. */
export async function openBrowser(url: string): Promise<boolean> {
  const { default: open } = await import("open");
  const launched = await open(url).catch(() => undefined);
  launched?.on("error", () => {});
  return launched !== undefined;
}
