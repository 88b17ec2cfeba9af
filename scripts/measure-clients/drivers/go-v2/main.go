// Asks the AWS SDK for Go v2 for the credentials of AWS_PROFILE: prints `ok KEY_ID` or `error REASON`.
package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	ctx := context.Background()
	loaded, err := config.LoadDefaultConfig(ctx)
	if err == nil {
		found, failed := loaded.Credentials.Retrieve(ctx)
		if failed == nil {
			fmt.Println("ok", found.AccessKeyID)
			return
		}
		err = failed
	}
	fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
}
