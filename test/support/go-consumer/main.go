// What the AWS SDK for Go makes of a list of profiles: reads JSON rows from stdin, prints one answer each: the access key id, or "error".
// Nothing leaves the machine: STS is a fake that answers "ROLE".
package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

type row struct{ Config, Credentials, Profile string }

type sts struct{}

func (sts) Do(*http.Request) (*http.Response, error) {
	body := `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func answer(one row) string {
	folder, _ := os.MkdirTemp("", "consumer")
	defer os.RemoveAll(folder)
	files := []string{filepath.Join(folder, "config"), filepath.Join(folder, "credentials")}
	_ = os.WriteFile(files[0], []byte(one.Config), 0o600)
	_ = os.WriteFile(files[1], []byte(one.Credentials), 0o600)
	ctx := context.Background()
	loaded, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigFiles(files[:1]), config.WithSharedCredentialsFiles(files[1:]),
		config.WithSharedConfigProfile(one.Profile), config.WithRegion("eu-west-1"), config.WithHTTPClient(sts{}))
	if err != nil {
		return "error"
	}
	found, err := loaded.Credentials.Retrieve(ctx)
	if err != nil {
		return "error"
	}
	return found.AccessKeyID
}

func main() {
	var rows []row
	if json.NewDecoder(os.Stdin).Decode(&rows) != nil {
		os.Exit(1)
	}
	answers := []string{}
	for _, one := range rows {
		answers = append(answers, answer(one))
	}
	_ = json.NewEncoder(os.Stdout).Encode(answers)
}
