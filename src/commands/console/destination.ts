/** Where in the console a browser is led. */
import { AwsRoleError } from "../../foundation/errors.ts";

export type DestinationArguments = {
  readonly service: string | undefined;
  readonly destination: string | undefined;
  /** `--region`, as typed. */
  readonly region: string | undefined;
};

/** Services whose path in the console is not the AWS CLI's name of them. */
const paths: Readonly<Record<string, string>> = {
  apigateway: "apigateway/main",
  cfn: "cloudformation",
  cognito: "cognito/v2",
  ddb: "dynamodbv2",
  dynamodb: "dynamodbv2",
  ecr: "ecr/repositories",
  ecs: "ecs/v2",
  elb: "ec2/home#LoadBalancers:",
  iam: "iam",
  logs: "cloudwatch/home#logsV2:log-groups",
  organizations: "organizations/v2",
  sfn: "states",
  ssm: "systems-manager",
  sqs: "sqs/v3",
  sns: "sns/v3",
  sso: "singlesignon",
  stepfunctions: "states",
  vpc: "vpcconsole",
};

/**
 * The page: the console's home, a service's, or the address given, in `region`. @throws ERR_USAGE for options that do not go together, a service that is no word,
 * or an address that is not of this console.
 */
export function consolePage(
  consoleUrl: string,
  defaultRegion: string,
  { service, destination, region }: DestinationArguments,
): string {
  if (service !== undefined && destination !== undefined)
    throw new AwsRoleError("ERR_USAGE", "console: --service and --destination cannot be combined", {
      hint: "give one of them",
    });
  if (region !== undefined && !/^[a-z]{2,}(?:-[a-z]+)+-\d+$/.test(region))
    throw new AwsRoleError("ERR_USAGE", `console: invalid value "${region}" for --region`, {
      hint: "use a name like eu-west-1",
    });
  const page = new URL(consoleUrl);
  if (service !== undefined) {
    if (!/^[a-z0-9-]{1,40}$/.test(service))
      throw new AwsRoleError("ERR_USAGE", `console: invalid value "${service}" for --service`, {
        hint: "use a service like s3, ec2 or logs; --destination takes a URL",
      });
    const [path = "", fragment] = (paths[service] ?? service).split("#");
    page.pathname = path.includes("/home") ? path : `${path}/home`;
    page.hash = fragment ?? "";
  }
  const target = destination === undefined ? page : addressIn(page, destination);
  if (destination === undefined || region !== undefined)
    target.searchParams.set("region", region ?? defaultRegion);
  return target.href;
}

/** A path is the console's; a whole address must be on it or on a host below it (`eu-west-1.console.aws.amazon.com`). */
function addressIn(page: URL, destination: string): URL {
  const url = URL.canParse(destination, page.href) ? new URL(destination, page) : undefined;
  const isOurs =
    url?.protocol === "https:" &&
    url.username === "" &&
    (url.host === page.host || url.host.endsWith(`.${page.host}`));
  if (url !== undefined && isOurs) return url;
  throw new AwsRoleError("ERR_USAGE", "console: --destination is not a URL of this console", {
    hint: `use a path like /s3/home, or a URL below https://${page.host}`,
  });
}
