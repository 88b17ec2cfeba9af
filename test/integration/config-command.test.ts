/** `awsrole config`: what was read, key by key, with its origin, secrets masked, every mistake listed. */
import { afterEach, describe, expect, it } from "vitest";
import { createHome, type Home } from "../support/run-awsrole.ts";
import { type Output, runInProcess } from "../support/run-in-process.ts";

let home: Home;
afterEach(() => home.remove());

function config(
  words: readonly string[],
  files: Parameters<typeof createHome>[0],
): Promise<Output> {
  home = createHome(files);
  return runInProcess(["config", ...words], home.env);
}

const files = {
  config:
    "[default]\nregion = eu-west-1\n[profile prod]\nRegion = us-east-1\ns3 =\n  max_queue_size = 10\n[profile __proto__]\nregion = x\n[sso-session corp]\nsso_region = eu-west-1\n[services dev]\nsts =\n  endpoint_url = http://127.0.0.1:1\n",
  credentials:
    "[prod]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = PLANTED-SECRET\n",
};

describe("config", () => {
  it("prints every section as JSON, each value with file and line, both files merged", async () => {
    const { code, stdout, stderr } = await config(["--json"], files);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { profiles, ssoSessions, services } = JSON.parse(stdout);
    const { configFile, credentialsFile } = home;
    expect(Object.keys(profiles)).toEqual(["default", "prod", "__proto__"]);
    expect(profiles.prod).toEqual({
      region: { value: "us-east-1", file: configFile, line: 4 },
      s3: { value: { max_queue_size: "10" }, file: configFile, line: 5 },
      aws_access_key_id: { value: "AKIAIOSFODNN7EXAMPLE", file: credentialsFile, line: 2 },
      aws_secret_access_key: { value: "****", file: credentialsFile, line: 3 },
    });
    expect(ssoSessions.corp.sso_region).toEqual({ value: "eu-west-1", file: configFile, line: 10 });
    expect(services.dev.sts.value).toEqual({ endpoint_url: "http://127.0.0.1:1" });
  });

  it("prints one profile as it would stand in a file, with its origins if wanted", async () => {
    const { code, stdout } = await config(["prod", "--show-origin"], files);
    expect(code).toBe(0);
    expect(stdout).toContain(`[profile prod]\nregion = us-east-1  # ${home.configFile}:4\n`);
    expect(stdout).toContain(`aws_secret_access_key = ****  # ${home.credentialsFile}:3\n`);
    expect(stdout).not.toContain("PLANTED");
    expect(stdout).not.toContain("[default]");
  });

  it("lists all mistakes, each with its place and how to fix it, prints the rest, and fails", async () => {
    const { code, stdout, stderr } = await config([], {
      config: "[profile a]\nnonsense\n[profile b\nk = v\n[profile c]\nregion = x\n",
    });
    expect(code).toBe(1);
    expect(
      stderr.match(/^awsrole: [^\n]*config:2: [^\n]+\nawsrole: hint: [^\n]+$/m),
    ).not.toBeNull();
    expect(
      stderr.match(/^awsrole: [^\n]*config:3: [^\n]+\nawsrole: hint: [^\n]+$/m),
    ).not.toBeNull();
    expect(stdout).toContain("[profile c]\nregion = x");
  });

  it("names the nearest profile, and shows no escape sequences", async () => {
    const wrong = await config(["prdo"], files);
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toMatch(/did you mean prod\?/);
    await home.remove();
    const { stdout } = await config([], { config: "[profile a]\nk = \u001B]0;x\u0007\u202E\n" });
    for (const control of ["\u001B", "\u0007", "\u202E"]) expect(stdout).not.toContain(control);
  });
});
