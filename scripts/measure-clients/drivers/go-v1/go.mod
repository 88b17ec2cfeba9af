module ask

go 1.24

require github.com/aws/aws-sdk-go v1.55.8
