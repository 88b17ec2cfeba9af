#!/bin/sh
# Asks the AWS CLI who it is as AWS_PROFILE: prints `ok KEY_ID` or `error REASON`. Where it asks for a code of MFA, it is given one.
if answer=$(aws sts get-caller-identity --query UserId --output text 2>&1 <<CODE
123456
CODE
); then echo "ok ${answer##*[[:space:]]}"; else echo "error $(echo "$answer" | tr '\n' ' ')"; fi
