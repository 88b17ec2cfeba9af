# Asks the AWS SDK for Ruby for the credentials of AWS_PROFILE: prints `ok KEY_ID` or `error REASON`.
require "aws-sdk-core"

begin
  found = Aws::STS::Client.new.config.credentials
  key = found && found.credentials && found.credentials.access_key_id
  puts key ? "ok #{key}" : "error none"
rescue StandardError, ScriptError => e
  puts "error #{e.class}: #{e.message}".tr("\n", " ")
end
