/** Where requests go: regions, endpoints, FIPS, dual stack. */
import { arn, base, keys, p, profile, region, rows } from "./pieces.ts";

const role = (...more: readonly string[]): string =>
  p(arn("R"), "source_profile = base", ...more) + base;
const services = (body: string): string => `[services mine]\n${body}\n`;

export const regions = rows("region", [
  ["none", role()],
  [
    "of the source only",
    p(arn("R"), "source_profile = m") + profile("m", keys("M"), "region = us-west-2"),
  ],
  [
    "of both",
    p(arn("R"), "source_profile = m", region) + profile("m", keys("M"), "region = us-west-2"),
  ],
  ["AWS_REGION", role(region), { env: { AWS_REGION: "ap-south-1" } }],
  ["AWS_DEFAULT_REGION", role(region), { env: { AWS_DEFAULT_REGION: "ap-south-1" } }],
  [
    "both variables",
    role(region),
    { env: { AWS_REGION: "ap-south-1", AWS_DEFAULT_REGION: "us-west-1" } },
  ],
  ["AWS_DEFAULT_REGION, empty", role(region), { env: { AWS_DEFAULT_REGION: "" } }],
  [
    "of a chain",
    p(arn("R"), "source_profile = m", region) +
      profile("m", arn("M"), "source_profile = base", "region = us-west-2") +
      base,
  ],
  ["aws-global", role("region = aws-global")],
  ["us-east-1", role("region = us-east-1")],
  ["one that does not exist yet", role("region = eu-north-9")],
  ["an availability zone", role("region = us-east-1a")],
  ["capitals", role("region = EU-WEST-1")],
  ["an underscore", role("region = eu_west_1")],
  ["a dot", role("region = eu.west")],
  ["a slash", role("region = evil.example/")],
  ["a space inside", role("region = eu west 1")],
  ["China", role("region = cn-north-1")],
  ["GovCloud", role("region = us-gov-west-1")],
  ["ISO", role("region = us-iso-east-1")],
  ["European sovereign", role("region = eusc-de-east-1")],
  ["opt-in", role("region = ap-east-1")],
  ["legacy endpoints", role(region, "sts_regional_endpoints = legacy")],
  [
    "legacy endpoints by the environment",
    role("region = us-west-2"),
    { env: { AWS_STS_REGIONAL_ENDPOINTS: "legacy" } },
  ],
  ["regional endpoints", role(region, "sts_regional_endpoints = regional")],
]);

export const endpoints = rows("endpoint", [
  ["endpoint_url", role(region, "endpoint_url = https://own.example")],
  ["endpoint_url with a port", role(region, "endpoint_url = https://own.example:8443")],
  ["endpoint_url with a path", role(region, "endpoint_url = https://own.example/sts")],
  ["endpoint_url with a slash", role(region, "endpoint_url = https://own.example/")],
  ["endpoint_url that is empty", role(region, "endpoint_url =")],
  ["endpoint_url without a scheme", role(region, "endpoint_url = own.example")],
  ["endpoint_url without TLS", role(region, "endpoint_url = http://own.example")],
  [
    "endpoint_url of the source",
    p(arn("R"), "source_profile = m", region) +
      profile("m", keys("M"), "endpoint_url = https://source.example"),
  ],
  [
    "endpoint_url of a chained role",
    p(arn("R"), "source_profile = m", region) +
      profile(
        "m",
        arn("M"),
        "source_profile = base",
        "endpoint_url = https://inner.example",
        region,
      ) +
      base,
  ],
  [
    "endpoint_url of [default]",
    role(region) + "[default]\nendpoint_url = https://stranger.example\n",
  ],
  [
    "endpoint_url of AWS_PROFILE",
    role(region) + profile("other", "endpoint_url = https://stranger.example"),
    { env: { AWS_PROFILE: "other" } },
  ],
  ["AWS_ENDPOINT_URL", role(region), { env: { AWS_ENDPOINT_URL: "https://env.example" } }],
  [
    "AWS_ENDPOINT_URL_STS",
    role(region),
    { env: { AWS_ENDPOINT_URL_STS: "https://sts-env.example" } },
  ],
  [
    "both variables",
    role(region),
    {
      env: {
        AWS_ENDPOINT_URL: "https://env.example",
        AWS_ENDPOINT_URL_STS: "https://sts-env.example",
      },
    },
  ],
  [
    "variable before profile",
    role(region, "endpoint_url = https://own.example"),
    { env: { AWS_ENDPOINT_URL: "https://env.example" } },
  ],
  [
    "services",
    role(region, "services = mine") + services("sts =\n  endpoint_url = https://services.example"),
  ],
  [
    "services before endpoint_url",
    role(region, "services = mine", "endpoint_url = https://own.example") +
      services("sts =\n  endpoint_url = https://services.example"),
  ],
  [
    "services of another service",
    role(region, "services = mine") + services("s3 =\n  endpoint_url = https://services.example"),
  ],
  ["services that do not exist", role(region, "services = nowhere")],
  [
    "services in capitals",
    role(region, "services = mine") + services("STS =\n  endpoint_url = https://services.example"),
  ],
  [
    "services beside AWS_ENDPOINT_URL",
    role(region, "services = mine") + services("sts =\n  endpoint_url = https://services.example"),
    { env: { AWS_ENDPOINT_URL: "https://env.example" } },
  ],
  [
    "services of the source",
    p(arn("R"), "source_profile = m", region) +
      profile("m", keys("M"), "services = mine") +
      services("sts =\n  endpoint_url = https://services.example"),
  ],
  [
    "ignored, by the profile",
    role(region, "endpoint_url = https://own.example", "ignore_configured_endpoint_urls = true"),
  ],
  [
    "ignored, by the environment",
    role(region, "endpoint_url = https://own.example"),
    { env: { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" } },
  ],
  [
    "ignored, the environment's own",
    role(region),
    {
      env: {
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
        AWS_ENDPOINT_URL_STS: "https://sts-env.example",
      },
    },
  ],
  [
    "ignored: false",
    role(region, "endpoint_url = https://own.example", "ignore_configured_endpoint_urls = false"),
  ],
  [
    "ignored: a word",
    role(region, "endpoint_url = https://own.example", "ignore_configured_endpoint_urls = yes"),
  ],
  ["FIPS", role(region, "use_fips_endpoint = true")],
  ["FIPS in the US", role("region = us-east-1", "use_fips_endpoint = true")],
  ["FIPS in GovCloud", role("region = us-gov-west-1", "use_fips_endpoint = true")],
  [
    "FIPS by the environment",
    role("region = us-east-1"),
    { env: { AWS_USE_FIPS_ENDPOINT: "true" } },
  ],
  ["FIPS: False", role("region = us-east-1", "use_fips_endpoint = False")],
  ["FIPS: a word", role("region = us-east-1", "use_fips_endpoint = yes")],
  ["dual stack", role(region, "use_dualstack_endpoint = true")],
  [
    "dual stack and FIPS",
    role("region = us-east-1", "use_dualstack_endpoint = true", "use_fips_endpoint = true"),
  ],
  [
    "FIPS and an endpoint",
    role(region, "use_fips_endpoint = true", "endpoint_url = https://own.example"),
  ],
  ["a FIPS pseudo region", role("region = fips-us-east-1")],
  ["max_attempts", role(region, "max_attempts = 1")],
  ["retry_mode", role(region, "retry_mode = standard")],
  ["defaults_mode", role(region, "defaults_mode = standard")],
  ["sdk_ua_app_id", role(region, "sdk_ua_app_id = my-app")],
]);
