// Asks the AWS SDK for Go v1 for the credentials of AWS_PROFILE: prints `ok KEY_ID` or `error REASON`.
package main

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	made, err := session.NewSessionWithOptions(session.Options{SharedConfigState: session.SharedConfigEnable})
	if err == nil {
		found, failed := made.Config.Credentials.Get()
		if failed == nil {
			fmt.Println("ok", found.AccessKeyID)
			return
		}
		err = failed
	}
	fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
}
