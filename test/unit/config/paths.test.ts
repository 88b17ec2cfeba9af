import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { awsFilePaths, differingHomes, homesWarning } from "../../../src/config/paths.ts";

type Row = readonly [
  what: string,
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string>>,
  config: string,
  credentials: string,
];

const windowsHome = { USERPROFILE: "C:\\Users\\bob" };

const rows: readonly Row[] = [
  [
    "HOME on Linux",
    "linux",
    { HOME: "/home/bob" },
    "/home/bob/.aws/config",
    "/home/bob/.aws/credentials",
  ],
  [
    "HOME on macOS",
    "darwin",
    { HOME: "/Users/bob" },
    "/Users/bob/.aws/config",
    "/Users/bob/.aws/credentials",
  ],
  [
    "only HOME on Linux",
    "linux",
    { HOME: "/home/bob", USERPROFILE: "/elsewhere", HOMEDRIVE: "/", HOMEPATH: "x" },
    "/home/bob/.aws/config",
    "/home/bob/.aws/credentials",
  ],
  [
    "USERPROFILE on Windows",
    "win32",
    windowsHome,
    "C:\\Users\\bob\\.aws\\config",
    "C:\\Users\\bob\\.aws\\credentials",
  ],
  [
    "HOME before it, as Git Bash sets it",
    "win32",
    { ...windowsHome, HOME: "D:\\bob" },
    "D:\\bob\\.aws\\config",
    "D:\\bob\\.aws\\credentials",
  ],
  [
    "HOMEDRIVE and HOMEPATH as the last resort on Windows",
    "win32",
    { HOMEDRIVE: "C:", HOMEPATH: "\\Users\\bob" },
    "C:\\Users\\bob\\.aws\\config",
    "C:\\Users\\bob\\.aws\\credentials",
  ],
  [
    "the files that the environment names, each by its own variable",
    "linux",
    {
      HOME: "/home/bob",
      AWS_CONFIG_FILE: "/etc/aws/config",
      AWS_SHARED_CREDENTIALS_FILE: "~/keys",
    },
    "/etc/aws/config",
    "/home/bob/keys",
  ],
  [
    "a tilde before a backslash on Windows",
    "win32",
    { ...windowsHome, AWS_CONFIG_FILE: "~\\aws.ini" },
    "C:\\Users\\bob\\aws.ini",
    "C:\\Users\\bob\\.aws\\credentials",
  ],
  [
    "empty variables as if they were not there",
    "linux",
    { HOME: "/home/bob", AWS_CONFIG_FILE: "", AWS_SHARED_CREDENTIALS_FILE: "" },
    "/home/bob/.aws/config",
    "/home/bob/.aws/credentials",
  ],
  [
    "a tilde that does not stand for the home folder",
    "linux",
    { HOME: "/home/bob", AWS_CONFIG_FILE: "/x/~/config", AWS_SHARED_CREDENTIALS_FILE: "/y/a~" },
    "/x/~/config",
    "/y/a~",
  ],
];

describe("the AWS files are where the SDKs look for them", () => {
  it.each(rows)("%s", (_what, platform, env, config, credentials) => {
    expect(awsFilePaths(env, platform)).toEqual({ config, credentials });
  });

  it("the system's own record of the user where the environment is empty", () => {
    expect(awsFilePaths({}, process.platform).config).toBe(
      join(userInfo().homedir, ".aws", "config"),
    );
  });
});

describe("HOME beside USERPROFILE on Windows", () => {
  const homes = { HOME: "H:\\bob", USERPROFILE: "C:\\Users\\bob" };

  it("is told where they differ, because AWS tools disagree which of the two counts", () => {
    expect(differingHomes(homes, "win32")).toEqual(["H:\\bob", "C:\\Users\\bob"]);
    expect(homesWarning(homes, "win32")).toMatch(/^HOME is H:\\bob, and USERPROFILE is /);
  });

  it.each([
    ["elsewhere than on Windows", homes, "linux"],
    ["the same folder by another case and slash", { ...homes, HOME: "c:/users/BOB" }, "win32"],
    [
      "files that are named",
      { ...homes, AWS_CONFIG_FILE: "x", AWS_SHARED_CREDENTIALS_FILE: "y" },
      "win32",
    ],
    ["no HOME", { USERPROFILE: "C:\\Users\\bob" }, "win32"],
  ] as const)("is nothing to tell: %s", (_case, env, platform) => {
    expect(homesWarning(env, platform)).toBeUndefined();
  });
});
