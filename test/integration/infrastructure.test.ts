/**
 * kubectl and OpenTofu by the recipes of their pages, with moto as EKS, S3 and STS. `.ci/nightly` builds OpenTofu and installs kubectl: both are
 * large, so without AWSROLE_TEST_LONG this is skipped.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { makeCertificates } from "../support/local-proxy.ts";
import { isMotoInstalled, type Moto, MOTO_MISSING, startMoto } from "../support/moto.ts";
import {
  createHome,
  type Finished,
  type Home,
  program,
  runCommand,
} from "../support/run-awsrole.ts";

const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const reason = (programName: string, words: readonly string[]): string | undefined =>
  isLong
    ? (missing(programName, words) ??
      missing("aws") ??
      (isMotoInstalled() ? undefined : MOTO_MISSING))
    : "AWSROLE_TEST_LONG is not set";
const noKubectl = reason("kubectl", ["version", "--client"]);
const noTofu = reason("tofu", ["version"]);

/** The first block of this language on the page. */
function blockOf(page: string, language: string): string {
  const text = readFileSync(
    fileURLToPath(new URL(`../../docs/how-to/${page}`, import.meta.url)),
    "utf8",
  );
  return new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "m").exec(text)?.[1] ?? "";
}

describe.skipIf(noKubectl !== undefined && noTofu !== undefined)("infrastructure", () => {
  let moto: Moto;
  let home: Home;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto?.close());
  beforeEach(() => {
    const role = "arn:aws:iam::123456789012:role/example-role";
    const profile = (name: string): string =>
      `[profile ${name}]\ncredential_process = ${program.join(" ")} credential-process --profile ${name}\nregion = eu-west-1\nawsrole_role_arn = ${role}\nawsrole_source_profile = bob\n`;
    home = createHome({
      config: profile("prod") + profile("staging"),
      credentials:
        "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n",
    });
    env = {
      ...home.env,
      AWS_ENDPOINT_URL: moto.url,
      // OpenTofu's backend knows these.
      AWS_ENDPOINT_URL_S3: moto.url,
      AWS_ENDPOINT_URL_STS: moto.url,
      AWSROLE_STORE: "plaintext",
      AWSROLE_LOG: "on",
    };
  });
  afterEach(() => home.remove());

  const shell = (line: string): Promise<Finished> =>
    runCommand(["sh", "-c", line], { env, cwd: home.path });

  describe.skipIf(noKubectl !== undefined)(titled("kubectl", noKubectl), () => {
    let cluster: Server;
    let seen: IncomingHttpHeaders[];
    beforeAll(async () => {
      // kubectl sends no token without TLS.
      const folder = mkdtempSync(join(tmpdir(), "awsrole-cluster-"));
      const { key, cert } = makeCertificates(folder);
      rmSync(folder, { recursive: true });
      cluster = createServer({ key, cert }, ({ headers }, response) => {
        seen.push(headers);
        response.writeHead(403, { "content-type": "application/json" });
        response.end(
          JSON.stringify({
            kind: "Status",
            apiVersion: "v1",
            status: "Failure",
            code: 403,
            reason: "Forbidden",
            message: "seen",
          }),
        );
      });
      await new Promise<void>((resolve) => cluster.listen(0, "127.0.0.1", resolve));
    });
    afterAll(() => cluster?.close());
    beforeEach(() => {
      seen = [];
    });

    /** Who the token is signed by: EKS sends its request to STS. */
    const signers = (): readonly string[] =>
      seen.flatMap(({ authorization = "" }) => {
        const token = /^Bearer k8s-aws-v1\.(.+)$/.exec(authorization)?.[1];
        if (token === undefined) return [];
        const url = new URL(Buffer.from(token, "base64url").toString("utf8"));
        return [url.searchParams.get("X-Amz-Credential")?.split("/")[0] ?? ""];
      });

    it("gets its tokens by the profile that the page writes into the kubeconfig", async () => {
      const { port } = cluster.address() as AddressInfo;
      const kubeconfig = join(home.path, "kubeconfig");
      writeFileSync(
        kubeconfig,
        `apiVersion: v1\nkind: Config\ncurrent-context: main\nclusters:\n  - name: main\n    cluster: { server: "https://127.0.0.1:${port}", insecure-skip-tls-verify: true }\ncontexts:\n  - name: main\n    context: { cluster: main, user: main }\n${blockOf("kubectl.md", "yaml")}`,
      );
      const { stderr } = await shell(
        `AWS_PROFILE=nonexistent kubectl --kubeconfig ${kubeconfig} get --raw /api`,
      );
      expect(stderr).toMatch(/[Ff]orbidden|seen/);
      expect(signers()[0]).toMatch(/^ASIA/);
    });

    it("finds that profile where aws eks update-kubeconfig wrote it", async () => {
      const create = `aws eks create-cluster --name main --region eu-west-1 --profile prod --role-arn arn:aws:iam::123456789012:role/eks --resources-vpc-config subnetIds=subnet-1`;
      expect(await shell(create)).toMatchObject({ code: 0 });
      const [line = ""] = blockOf("kubectl.md", "sh").split("\n");
      expect(await shell(line)).toMatchObject({ code: 0 });
      const written = readFileSync(join(home.path, ".kube", "config"), "utf8");
      expect(written).toMatch(/- name: AWS_PROFILE\n\s+value: prod\n/);
      expect(written).toMatch(/- get-token\n/);
    });
  });

  describe.skipIf(noTofu !== undefined)(titled("OpenTofu", noTofu), () => {
    it("keeps its state in the backend's bucket, with the backend's own profile", async () => {
      const make =
        "aws s3api create-bucket --bucket acme-state --region eu-west-1 --create-bucket-configuration LocationConstraint=eu-west-1 --profile prod";
      expect(await shell(make)).toMatchObject({ code: 0 });
      // The AWS provider is in no registry that this is run with: what has no provider is planned and applied.
      const [backend = ""] = blockOf("terraform.md", "hcl").split(/^provider /m);
      expect(backend).toContain('profile = "staging"');
      const folder = join(home.path, "network");
      mkdirSync(folder);
      writeFileSync(
        join(folder, "main.tf"),
        `${backend}\noutput "known" {\n  value = "by the state"\n}\n`,
      );
      // moto has no host for each bucket.
      const options =
        "-backend-config=use_path_style=true -backend-config=skip_requesting_account_id=true";
      const [plan = ""] = blockOf("terraform.md", "sh").split("\n");
      const lines = [
        `tofu init -no-color ${options}`,
        plan.replace("terraform", "tofu"),
        "tofu apply -no-color -auto-approve",
      ];
      for (const line of lines) {
        const { code, stdout, stderr } = await shell(`cd network && ${line}`);
        expect({ line, code }, stdout + stderr).toEqual({ line, code: 0 });
      }
      const state = await shell(
        "aws s3 cp s3://acme-state/network.tfstate - --region eu-west-1 --profile prod",
      );
      expect(state.stdout).toContain("by the state");
      const log = await runCommand([...program, "log", "--json"], { env });
      expect(log.stdout).toContain("staging");
    });
  });
});
