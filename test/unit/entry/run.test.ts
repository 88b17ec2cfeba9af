import { describe, expect, it } from "vitest";
import { processContext } from "../../../src/context.ts";
import { report } from "../../../src/entry/run.ts";
import { AwsRoleError, type ErrorCode } from "../../../src/foundation/errors.ts";
import { titled } from "../../support/installed.ts";

const notRoot =
  process.getuid?.() === 0 ? undefined : "sudo changes whose files are read for root only";

function told(env: NodeJS.ProcessEnv, code: ErrorCode = "ERR_PROFILE_NOT_FOUND"): string {
  let text = "";
  const context = {
    ...processContext(),
    env,
    isTerminal: { stdin: false, stdout: false, stderr: false },
    stderr: (more: string) => (text += more),
  };
  const hint = "/root/.aws/config was read; run awsrole list to see your profiles";
  report(context, ["whoami", "prod"], new AwsRoleError(code, "profile prod not found", { hint }));
  return text;
}

describe.skipIf(notRoot !== undefined)(titled("a profile that sudo hides", notRoot), () => {
  it("is explained by whose files were read, and which", () => {
    expect(told({ SUDO_USER: "bob" })).toBe(
      "awsrole: profile prod not found\nawsrole: hint: sudo reads the files of root, not those of bob: run it without sudo (/root/.aws/config was read; run awsrole list to see your profiles)\n",
    );
  });

  it("is not blamed on sudo without sudo, nor for another reason", () => {
    const plain =
      "awsrole: profile prod not found\nawsrole: hint: /root/.aws/config was read; run awsrole list to see your profiles\n";
    expect(told({})).toBe(plain);
    expect(told({ SUDO_USER: "" })).toBe(plain);
    expect(told({ SUDO_USER: "bob" }, "ERR_PROFILE_INVALID")).toBe(plain);
  });
});
