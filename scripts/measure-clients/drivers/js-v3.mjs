// Asks the AWS SDK for JavaScript v3 for the credentials of AWS_PROFILE: prints `ok KEY_ID` or `error REASON`.
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";

try {
  const { accessKeyId } = await fromNodeProviderChain()();
  console.log(`ok ${accessKeyId}`);
} catch (error) {
  console.log(`error ${String(error).replaceAll("\n", " ")}`);
}
process.exit(0);
