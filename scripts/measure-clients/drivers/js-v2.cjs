// Asks the AWS SDK for JavaScript v2 for the credentials of AWS_PROFILE: prints `ok KEY_ID` or `error REASON`.
const { CredentialProviderChain } = require("aws-sdk");

new CredentialProviderChain().resolve((error, found) => {
  console.log(error ? `error ${String(error).replaceAll("\n", " ")}` : `ok ${found.accessKeyId}`);
  process.exit(0);
});
