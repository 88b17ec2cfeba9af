import { describe, expect, it } from "vitest";
import {
  applyVariables,
  clearedVariables,
  endpointVariables,
  parseBefore,
} from "../../../src/program/aws-variables.ts";

const endpoint = { url: "http://127.0.0.1:4000/credentials", token: "t" };

describe("the environment of a command", () => {
  it("is the old one with variables set and cleared", () => {
    const applied = applyVariables(
      { A: "1", B: "2", aws_profile: "x" },
      { A: undefined, C: "3" },
      "linux",
    );
    expect(applied).toEqual({ B: "2", aws_profile: "x", C: "3" });
  });

  it("has each variable once on Windows, where its name is the same in any case", () => {
    const applied = applyVariables(
      { aws_profile: "x", Aws_Region: "old", Path: "C:\\" },
      { AWS_PROFILE: undefined, AWS_REGION: "new" },
      "win32",
    );
    expect(applied).toEqual({ Path: "C:\\", AWS_REGION: "new" });
  });

  it("leads to the endpoint, past everything that SDKs look for before", () => {
    const env = {
      AWS_ACCESS_KEY_ID: "A",
      AWS_ACCESS_KEY: "A",
      AWS_SECRET_KEY: "s",
      AWS_PROFILE: "p",
      AWS_ROLE_ARN: "r",
      AWS_WEB_IDENTITY_TOKEN_FILE: "f",
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "f",
      HOME: "/h",
    };
    expect(
      applyVariables(env, endpointVariables(endpoint, "prod", "eu-west-1", env), "linux"),
    ).toEqual({
      HOME: "/h",
      AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "t",
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWSROLE_PROFILE: "prod",
      AWSROLE_BEFORE: expect.any(String),
    });
  });

  it("is by --unset as it was before exec --serve, but for a container's own endpoint", () => {
    const before = { HOME: "/h", AWS_PROFILE: "p" };
    const during = applyVariables(
      before,
      endpointVariables(endpoint, "prod", "eu-west-1", before),
      "linux",
    );
    expect(applyVariables(during, clearedVariables(during), "linux")).toEqual(before);
    const container = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://localhost:1338/x",
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "t",
    };
    expect(applyVariables(container, clearedVariables(container), "linux")).toEqual(container);
  });
});

describe("AWSROLE_BEFORE, which any program may have set", () => {
  it.each([
    ["a number", { AWS_PROFILE: 1 }],
    ["a list", { AWS_PROFILE: ["x"] }],
    ["an object", { AWS_PROFILE: { a: 1 } }],
    ["true", { AWS_PROFILE: true }],
    ["a line break", { AWS_PROFILE: "a\nb" }],
    ["a NUL", { AWS_PROFILE: "a\0b" }],
  ])("counts for nothing where a value is %s, and for the rest of it as ever", (_what, value) => {
    const before = JSON.stringify({ ...value, AWS_REGION: "eu-west-1" });
    const env = { AWSROLE_BEFORE: Buffer.from(before).toString("base64url") };
    expect(parseBefore(env)).toEqual({ AWS_REGION: "eu-west-1" });
  });
});
