import { spawnSync } from "node:child_process";
import { createWorld } from "./world.ts";
const world = await createWorld();
try {
  spawnSync("bash", [process.argv[2] ?? ""], {
    stdio: "inherit",
    env: { ...process.env, ...world.hit.env, HIT: world.hit.words?.join(" ") ?? "" },
  });
} finally {
  await world.close();
}
