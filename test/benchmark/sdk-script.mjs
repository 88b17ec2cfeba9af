/** What a person would write instead: the same AssumeRole with the SDK and nothing else. */
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";

const { Credentials } = await new STSClient({}).send(
  new AssumeRoleCommand({
    RoleArn: "arn:aws:iam::123456789012:role/example-role",
    RoleSessionName: "AWSCLI-Session",
  }),
);
process.stdout.write(`${JSON.stringify({ Version: 1, ...Credentials })}\n`);
