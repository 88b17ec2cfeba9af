// The Go SDK, asked for credentials (of a profile, if one is named) once per line on stdin; the line says how many seconds have passed since the start.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	_ "unsafe" // for the SDK's clock

	"github.com/aws/aws-sdk-go-v2/config"
)

//go:linkname sdkNow github.com/aws/aws-sdk-go-v2/internal/sdk.NowTime
var sdkNow func() time.Time

func main() {
	ctx := context.Background()
	var passed time.Duration
	sdkNow = func() time.Time { return time.Now().Add(passed) }
	var lines = bufio.NewScanner(os.Stdin)
	var cfg, err = config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(strings.Join(os.Args[1:], "")))
	for err == nil && lines.Scan() {
		var seconds float64
		if seconds, err = strconv.ParseFloat(lines.Text(), 64); err != nil {
			break
		}
		os.Setenv("TEST_WALL_OFFSET", lines.Text())
		os.Setenv("TEST_UPTIME_OFFSET", lines.Text())
		passed = time.Duration(seconds * float64(time.Second))
		credentials, problem := cfg.Credentials.Retrieve(ctx)
		if err = problem; err == nil {
			fmt.Println(credentials.AccessKeyID)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
