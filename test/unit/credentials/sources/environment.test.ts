import { describe, expect, it } from "vitest";
import { credentialsFromEnvironment } from "../../../../src/credentials/sources/environment.ts";

describe("credential_source = Environment", () => {
  it("says how a pod's web identity becomes a source, where that is what the environment has", () => {
    const pod = { AWS_WEB_IDENTITY_TOKEN_FILE: "/token", AWS_ROLE_ARN: "arn" };
    expect(() => credentialsFromEnvironment(pod, "p")).toThrow(
      expect.objectContaining({
        code: "ERR_SOURCE_UNAVAILABLE",
        message: "profile p: the environment has no AWS keys",
        hint: expect.stringContaining("web_identity_token_file") as string,
      }),
    );
  });

  it.each([{}, { AWS_WEB_IDENTITY_TOKEN_FILE: "" }, { AWS_ACCESS_KEY_ID: "AKIA" }])(
    "asks for the keys where there are none, or half of them: %j",
    (env) => {
      expect(() => credentialsFromEnvironment(env, "p")).toThrow(
        expect.objectContaining({
          hint: expect.stringContaining(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
          ) as string,
        }),
      );
    },
  );
});
