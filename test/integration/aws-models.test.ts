/** The double of AWS against botocore: its models are botocore's, and botocore's own clients can do with it what they do with AWS. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startAwsDouble } from "../support/aws-double.ts";
import { missing, titled } from "../support/installed.ts";

const skip =
  missing("python3", ["-c", "import botocore"]) === undefined
    ? undefined
    : "botocore is not installed";
const fileOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

describe(titled("the double of AWS and botocore", skip), () => {
  it.skipIf(skip)("have the same models", () => {
    const words = [fileOf("scripts/extract-aws-models.py"), "--check"];
    const { status, stdout, stderr } = spawnSync("python3", words, { encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it.skipIf(skip)(
    "agree about signing in by device code, refreshing, listing and signing out",
    async () => {
      const aws = await startAwsDouble();
      const { settings, addAccount, decideDevice } = aws.identityCenter;
      settings.deviceIntervalSeconds = 1;
      addAccount({ accountId: "111111111111", roleNames: ["Admin", "Reader"] });
      addAccount({ accountId: "222222222222", roleNames: ["Reader"] });
      const child = spawn(
        "python3",
        [fileOf("test/support/botocore-sign-in.py"), settings.startUrl],
        {
          env: { PATH: process.env["PATH"], HOME: "/nonexistent", ...aws.env },
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      let last = "";
      for await (const line of createInterface({ input: child.stdout })) {
        last = line;
        if (/^[A-Z]{4}-[A-Z]{4}$/.test(line)) decideDevice(line);
      }
      await aws.close();
      expect(JSON.parse(last)).toEqual({
        errors: ["authorization_pending", "invalid_grant", "Session token not found or invalid"],
        roles: [
          ["111111111111", "Admin"],
          ["111111111111", "Reader"],
          ["222222222222", "Reader"],
        ],
        arn: expect.stringMatching(
          /^arn:aws:sts::111111111111:assumed-role\/AWSReservedSSO_Admin_/,
        ),
      });
    },
  );
});
