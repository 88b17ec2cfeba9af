import { describe, expect, it } from "vitest";
import { resolveInstanceMetadata } from "../../../src/config/instance-metadata.ts";
import type { Environment } from "../../../src/foundation/environment.ts";

const address = (profile: Record<string, string>, env: Environment = {}) =>
  resolveInstanceMetadata(
    new Map(
      Object.entries(profile).map(([key, value]) => [key, { value, file: "config", line: 1 }]),
    ),
    env,
  );

describe("the instance metadata service's address", () => {
  it("is the variable's, else the profile's, else that of the mode", () => {
    const profile = {
      ec2_metadata_service_endpoint: "http://profile:1/",
      ec2_metadata_service_endpoint_mode: "IPv6",
    };
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://variable:2" };
    expect(address(profile, env)).toBe("http://variable:2");
    expect(address(profile)).toBe("http://profile:1");
    expect(address({ ec2_metadata_service_endpoint_mode: "IPv6" })).toBe("http://[fd00:ec2::254]");
    expect(address({}, { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "ipV6" })).toBe(
      "http://[fd00:ec2::254]",
    );
    expect(address({ ec2_metadata_service_endpoint_mode: "ipv4" })).toBe("http://169.254.169.254");
    expect(address({})).toBe("http://169.254.169.254");
  });

  it.each([
    [
      { ec2_metadata_service_endpoint: "169.254.169.254" },
      "ec2_metadata_service_endpoint in config:1",
    ],
    [{ ec2_metadata_service_endpoint: "file:///etc" }, "ec2_metadata_service_endpoint in config:1"],
    [
      { ec2_metadata_service_endpoint: "http://u:p@host" },
      "ec2_metadata_service_endpoint in config:1",
    ],
    [
      { ec2_metadata_service_endpoint_mode: "ipv5" },
      "ec2_metadata_service_endpoint_mode in config:1",
    ],
  ])("%j is refused, with its place", (profile, place) => {
    expect(() => address(profile as Record<string, string>)).toThrow(place);
  });
});
