import { describe, expect, it } from "vitest";
import {
  defaultRegions,
  partitionOf,
  resolveConnection,
  type ConnectionInput,
} from "../../../src/config/connection.ts";
import { AwsRoleError } from "../../../src/foundation/errors.ts";

type Values = { [key: string]: string | Values };
type Setting = { value: string; file: string; line: number; nested?: Map<string, Setting> };

describe("region", () => {
  const everywhere = {
    profile: { awsrole_region: "r-1", region: "r-4" },
    source: { awsrole_region: "r-5", region: "r-6" },
    env: { AWS_REGION: "r-2", AWS_DEFAULT_REGION: "r-3" },
    roleArn: "arn:aws-cn:iam::123456789012:role/x",
  };

  it("is looked for in the contract's order", () => {
    const { profile, source, env, roleArn } = everywhere;
    expect(regionOf(profile, source, env)).toBe("r-1");
    expect(regionOf({ region: "r-4" }, source, env)).toBe("r-2");
    expect(regionOf({ region: "r-4" }, source, { AWS_DEFAULT_REGION: "r-3" })).toBe("r-3");
    expect(regionOf({ region: "r-4" }, source, {})).toBe("r-4");
    expect(regionOf({}, source, {})).toBe("r-5");
    expect(regionOf({}, { region: "r-6" }, {})).toBe("r-6");
    expect(resolve({ roleArn }).region).toBe("cn-north-1");
    expect(resolve({}).region).toBe("us-east-1");
  });

  it("is skipped where it is empty", () => {
    expect(regionOf({ region: "" }, { region: "eu-west-1" }, { AWS_REGION: "" })).toBe("eu-west-1");
  });

  it.each(["eu-west-1.evil.example/", "eu west", "-x", "a@b", "é", "x".repeat(64)])(
    "cannot name another host: %j",
    (region) => {
      expect(invalid({ profile: { region } }).message).toBe(
        `"${region}" is not a region (region in config:1)`,
      );
    },
  );

  it("is asked for where a partition has no known default", () => {
    const roleArn = "arn:aws-moon:iam::123456789012:role/x";
    expect(invalid({ roleArn }).message).toContain("partition aws-moon");
    expect(resolve({ roleArn, profile: { region: "moon-1" } }).region).toBe("moon-1");
  });

  function regionOf(profile: Values, source: Values, env: Record<string, string>) {
    return resolve({ profile, source, env }).region;
  }
});

describe("endpoint", () => {
  const url = (name: string) => `https://${name}.example.com`;
  const profile = {
    awsrole_endpoint_url: url("own"),
    services: "mine",
    endpoint_url: url("general"),
  };
  const services = {
    mine: { sts: { endpoint_url: url("services") }, iam: { endpoint_url: url("iam") } },
  };
  const env = { AWS_ENDPOINT_URL_STS: url("env-sts"), AWS_ENDPOINT_URL: url("env") };

  it("is looked for in AWS's order, our own key first", () => {
    const { awsrole_endpoint_url: _own, ...plain } = profile;
    const { AWS_ENDPOINT_URL } = env;
    expect(endpointOf({ profile, services, env })).toBe(url("own"));
    expect(endpointOf({ profile: plain, services, env })).toBe(url("env-sts"));
    expect(endpointOf({ profile: plain, services, env: { AWS_ENDPOINT_URL } })).toBe(url("env"));
    expect(endpointOf({ profile: plain, services })).toBe(url("services"));
    expect(endpointOf({ profile: { endpoint_url: url("general") } })).toBe(url("general"));
    expect(endpointOf({})).toBeUndefined();
  });

  it("of IAM is IAM's own", () => {
    const iam = { service: "iam" as const, profile: { services: "mine" }, services };
    expect(endpointOf(iam)).toBe(url("iam"));
    expect(endpointOf({ ...iam, env })).toBe(url("env"));
    expect(endpointOf({ ...iam, env: { AWS_ENDPOINT_URL_IAM: url("x") } })).toBe(url("x"));
  });

  it("a services section without this service leaves it to endpoint_url", () => {
    const mine = { mine: { s3: { endpoint_url: url("s3") } } };
    expect(
      endpointOf({ profile: { services: "mine", endpoint_url: url("g") }, services: mine }),
    ).toBe(url("g"));
  });

  it("ignore_configured_endpoint_urls leaves only our own key", () => {
    const ignoring = { ...profile, ignore_configured_endpoint_urls: "true" };
    const { awsrole_endpoint_url: _own, ...plain } = ignoring;
    expect(endpointOf({ profile: ignoring, services, env })).toBe(url("own"));
    expect(endpointOf({ profile: plain, services, env })).toBeUndefined();
    const { ignore_configured_endpoint_urls: _no, ...heeding } = plain;
    const ignored = { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "TRUE" };
    expect(endpointOf({ profile: heeding, services, env: ignored })).toBeUndefined();
  });

  it("is never another profile's: not the source's, not an unnamed services section's", () => {
    const source = {
      endpoint_url: url("evil"),
      services: "mine",
      awsrole_endpoint_url: url("evil"),
    };
    const hostile = { source, services: { mine: { sts: { endpoint_url: url("evil") } } } };
    expect(endpointOf(hostile)).toBeUndefined();
  });

  it("a services section that does not exist is an error that says where it is named", () => {
    expect(invalid({ profile: { services: "gone" } }).message).toBe(
      "there is no [services gone] section (services in config:1)",
    );
  });

  it.each([
    "http://localhost:4566",
    "http://127.0.0.1:5000/",
    "http://127.1.2.3",
    "http://[::1]:80",
  ])("%s needs no TLS", (endpoint_url) =>
    expect(endpointOf({ profile: { endpoint_url } })).toBe(endpoint_url),
  );

  it.each([
    ["http://sts.example.com", "an endpoint without TLS"],
    ["http://127.0.0.1.example.com", "an endpoint without TLS"],
    ["http://localhost.example.com", "an endpoint without TLS"],
    ["http://10.0.0.1", "an endpoint without TLS"],
    ["http://0.0.0.0", "an endpoint without TLS"],
    ["sts.example.com", "not an https URL"],
    ["ftp://localhost", "not an https URL"],
    ["file:///etc/passwd", "not an https URL"],
  ])("%s is refused: %s", (value, problem) => {
    expect(invalid({ env: { AWS_ENDPOINT_URL: value } }).message).toBe(
      `"${value}" is ${problem} (AWS_ENDPOINT_URL)`,
    );
  });

  it("cannot be combined with FIPS or dual-stack", () => {
    const both = { profile: { endpoint_url: url("x"), use_fips_endpoint: "true" } };
    expect(invalid(both).message).toBe(
      "use_fips_endpoint in config:2 and endpoint_url in config:1 cannot be combined",
    );
    const env = { AWS_USE_DUALSTACK_ENDPOINT: "true" };
    expect(invalid({ profile: { endpoint_url: url("x") }, env }).message).toContain("DUALSTACK");
  });

  function endpointOf(input: Input) {
    return resolve(input).endpointUrl;
  }
});

describe("FIPS and dual-stack", () => {
  it("are off, or what the environment says, or what the profile says", () => {
    const profile = { use_fips_endpoint: "true", use_dualstack_endpoint: "TRUE" };
    expect(resolve({})).toMatchObject({ useFipsEndpoint: false, useDualstackEndpoint: false });
    expect(resolve({ profile })).toMatchObject({
      useFipsEndpoint: true,
      useDualstackEndpoint: true,
    });
    expect(resolve({ profile, env: { AWS_USE_FIPS_ENDPOINT: "false" } })).toMatchObject({
      useFipsEndpoint: false,
      useDualstackEndpoint: true,
    });
  });

  it("a value that is neither is not taken for false: a person may rely on it", () => {
    expect(invalid({ profile: { use_fips_endpoint: "yes" } }).message).toBe(
      '"yes" is neither true nor false (use_fips_endpoint in config:1)',
    );
  });
});

describe("attempts", () => {
  it("are two, or fewer", () => {
    expect(resolve({}).maxAttempts).toBe(2);
    expect(resolve({ env: { AWS_MAX_ATTEMPTS: "1" } }).maxAttempts).toBe(1);
    expect(resolve({ env: { AWS_MAX_ATTEMPTS: "10" } }).maxAttempts).toBe(2);
    expect(resolve({ profile: { max_attempts: "1" } }).maxAttempts).toBe(1);
    expect(
      resolve({ profile: { max_attempts: "1" }, env: { AWS_MAX_ATTEMPTS: "2" } }).maxAttempts,
    ).toBe(2);
  });

  it.each(["0", "-1", "two", "1.5", "1e3"])("%j is an error", (value) => {
    expect(invalid({ env: { AWS_MAX_ATTEMPTS: value } }).message).toContain("AWS_MAX_ATTEMPTS");
  });
});

it("the CA bundle of the environment comes before the profile's", () => {
  const profile = { ca_bundle: "/profile.pem" };
  expect(resolve({ profile }).caBundleFile).toBe("/profile.pem");
  expect(resolve({ profile, env: { AWS_CA_BUNDLE: "/env.pem" } }).caBundleFile).toBe("/env.pem");
  expect(resolve({})).not.toHaveProperty("caBundleFile");
});

it("an ARN names its partition", () => {
  expect(partitionOf("arn:aws-us-gov:iam::123456789012:role/x")).toBe("aws-us-gov");
  expect(partitionOf("arn:evil:iam::123456789012:role/x")).toBeUndefined();
  expect(partitionOf("role/x")).toBeUndefined();
});

it("every default region lies in its partition by the SDK's own data", async () => {
  // The SDK's own table, by the way its client would reach it.
  const { createRequire } = await import("node:module");
  const fromClient = createRequire(createRequire(import.meta.url).resolve("@aws-sdk/client-sts"));
  const { awsEndpointFunctions } = fromClient("@aws-sdk/core/client") as {
    awsEndpointFunctions: { partition: (region: string) => { name: string } };
  };
  for (const [partition, region] of defaultRegions) {
    expect(awsEndpointFunctions.partition(region).name).toBe(partition);
  }
});

type Input = {
  service?: "sts" | "iam";
  profile?: Values;
  source?: Values;
  services?: Record<string, Values>;
  env?: Record<string, string>;
  roleArn?: string;
};

function resolve({ profile = {}, source, services = {}, env = {}, ...rest }: Input) {
  const input: ConnectionInput = {
    ...rest,
    profile: settings(profile),
    source: source && settings(source),
    services: (name) => services[name] && settings(services[name]),
    env,
  };
  return resolveConnection(input);
}

function invalid(input: Input): AwsRoleError {
  try {
    resolve(input);
  } catch (error) {
    if (error instanceof AwsRoleError && error.code === "ERR_PROFILE_INVALID") {
      return error;
    }
    throw error;
  }
  throw new Error("it was taken");
}

function settings(values: Values): Map<string, Setting> {
  return new Map(
    Object.entries(values).map(([key, value], index) => [
      key,
      {
        value: typeof value === "string" ? value : "",
        file: "config",
        line: index + 1,
        ...(typeof value === "object" && { nested: settings(value) }),
      },
    ]),
  );
}
