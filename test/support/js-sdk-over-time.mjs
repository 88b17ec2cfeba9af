/** The JS SDK, asked for credentials (of a profile, if one is named) once per line on stdin; the line says how many seconds have passed since the start. */
import { createInterface } from "node:readline";
import { STSClient } from "@aws-sdk/client-sts";
import { fromIni, fromNodeProviderChain } from "@aws-sdk/credential-providers";

let passedMs = 0;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + passedMs] : args));
  }
  static now() {
    return RealDate.now() + passedMs;
  }
};

const profile = process.argv[2];
const credentials = profile === undefined ? fromNodeProviderChain() : fromIni({ profile });
const client = new STSClient({ region: "eu-west-1", credentials });
for await (const line of createInterface(process.stdin)) {
  process.env["TEST_WALL_OFFSET"] = process.env["TEST_UPTIME_OFFSET"] = line;
  passedMs = Number(line) * 1000;
  const { accessKeyId } = await client.config.credentials();
  process.stdout.write(`${accessKeyId}\n`);
}
