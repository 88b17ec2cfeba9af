#!/bin/sh
# Asks the AWS CLI who it is as AWS_PROFILE: prints `ok KEY_ID` or `error REASON`. A code for MFA would be asked for at the terminal, which is not there.
if answer=$(aws sts get-caller-identity --query UserId --output text 2>&1 </dev/null); then echo "ok $answer"; else echo "error $(echo "$answer" | tr '\n' ' ')"; fi
