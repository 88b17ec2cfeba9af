import { describe, expect, it } from "vitest";
import { stateFolder } from "../../../src/state/state-dir.ts";

describe("the state folder", () => {
  it.each([
    ["linux", { AWSROLE_STATE_DIR: "/srv/state" }, "/srv/state"],
    ["linux", { XDG_STATE_HOME: "/srv" }, "/srv/awsrole"],
    ["win32", { AWSROLE_STATE_DIR: "D:\\state" }, "D:\\state"],
  ] as const)("on %s with %j is %s", (platform, env, folder) => {
    expect(stateFolder(env, platform, "/home/bob")).toBe(folder);
  });

  it.each([
    ["linux", { AWSROLE_STATE_DIR: "state" }, "/home/bob/.local/state/awsrole"],
    [
      "linux",
      { AWSROLE_STATE_DIR: "./state", XDG_STATE_HOME: "state" },
      "/home/bob/.local/state/awsrole",
    ],
    ["linux", { XDG_STATE_HOME: "../state" }, "/home/bob/.local/state/awsrole"],
    ["linux", { AWSROLE_STATE_DIR: "", XDG_STATE_HOME: "" }, "/home/bob/.local/state/awsrole"],
    ["darwin", { AWSROLE_STATE_DIR: "state" }, "/home/bob/Library/Application Support/awsrole"],
  ] as const)("on %s does not follow a relative path: %j", (platform, env, folder) => {
    expect(stateFolder(env, platform, "/home/bob")).toBe(folder);
  });
});
