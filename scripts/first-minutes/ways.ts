/** Five ways in, each from an empty machine to `aws s3 ls`: what is there, what is typed, and what is waited for. */
import type { Machine } from "./machine.ts";

/** Who sits at the terminal. */
export type Person = {
  /** Types a command, answers what it asks, and waits until the shell asks for the next one. */
  readonly run: (command: string, ...answers: readonly Answer[]) => Promise<void>;
};

/** What is waited for, and what is typed then: a line, or a key by tmux's name. */
export type Answer = readonly [question: RegExp, typed: string | { readonly key: string }];

export type Way = {
  readonly name: string;
  readonly title: string;
  /** A server has no keychain. */
  readonly isServer?: boolean;
  readonly prepare?: (machine: Machine) => void;
  readonly steps: (person: Person, machine: Machine) => Promise<void>;
};

const role = "arn:aws:iam::123456789012:role/example-role";
const enter = { key: "Enter" };

/** Of the terminals. */
export const widths = [80, 110] as const;

export const ways: readonly Way[] = [
  {
    name: "aws-vault",
    title: "From aws-vault, with MFA",
    prepare: ({ write, aws }) =>
      write(
        ".aws/config",
        [
          "[profile bob]",
          "region = eu-west-1",
          `mfa_serial = ${aws.bob.mfaSerial}`,
          "",
          "[profile prod]",
          `role_arn = ${role}`,
          "source_profile = bob",
          `mfa_serial = ${aws.bob.mfaSerial}`,
          "",
          "[profile staging]",
          "role_arn = arn:aws:iam::123456789012:role/staging",
          "source_profile = bob",
          `mfa_serial = ${aws.bob.mfaSerial}`,
          "",
        ].join("\n"),
      ),
    steps: async ({ run }, { aws }) => {
      aws.addRole({ arn: "arn:aws:iam::123456789012:role/staging", requireMfa: true });
      await run("cat ~/.aws/config");
      await run("awsrole");
      await run(
        "awsrole add-key bob",
        [/Access key ID/, aws.bob.accessKeyId],
        [/Secret access key/, aws.bob.secretAccessKey],
      );
      await run("awsrole");
      await run("awsrole adopt --all");
      await run("awsrole list");
      await run("aws s3 ls --profile prod", [/MFA code for/, aws.currentCode(aws.bob)]);
      await run("aws s3 ls --profile staging");
      await run("awsrole whoami prod");
    },
  },
  {
    name: "identity-center",
    title: "A company on IAM Identity Center",
    prepare: ({ aws }) => {
      for (const [index, name] of ["Acme Dev", "Acme Prod", "Acme Sandbox"].entries())
        aws.identityCenter.addAccount({
          accountId: `10000000000${index + 1}`,
          accountName: name,
          roleNames: ["AdministratorAccess", "ReadOnly"],
        });
    },
    steps: async ({ run }) => {
      await run("awsrole");
      await run(
        "awsrole login",
        [/◆ {2}Start URL/, "https://acme.awsapps.com/start"],
        [/◆ {2}Region/, "eu-west-1"],
        [/◆ {2}Session name/, enter],
        [/◆ {2}Account/, enter],
        [/◆ {2}Role/, enter],
        [/◆ {2}Profile name/, enter],
      );
      await run("awsrole sync acme");
      await run("awsrole list");
      for (const account of ["dev", "prod", "sandbox"])
        await run(`aws s3 ls --profile acme-${account}-readonly`);
    },
  },
  {
    name: "article",
    title: "A reader of the AWS article, whose key is in [default]",
    steps: async ({ run }, { aws }) => {
      await run(
        "aws configure",
        [/Access Key ID/, aws.bob.accessKeyId],
        [/Secret Access Key/, aws.bob.secretAccessKey],
        [/region name/, "eu-west-1"],
        [/output format/, ""],
      );
      await run("awsrole");
      await run("awsrole add-key default --from-credentials-file");
      await run("awsrole");
      await run(
        "awsrole add-profile",
        [/◆ {2}Source of/, enter],
        [/◆ {2}Role to assume/, enter],
        [/◆ {2}Profile name/, "prod"],
        [/◆ {2}MFA device/, enter],
        [/◆ {2}Role session name/, enter],
        [/◆ {2}Session duration/, enter],
        [/◆ {2}Default region/, enter],
        [/◆ {2}Add it to/, enter],
      );
      await run("aws s3 ls --profile prod");
      await run("awsrole doctor");
    },
  },
  {
    name: "setup",
    title: "With an administrator's profile only: the whole article",
    prepare: ({ write, aws }) => {
      const admin = aws.addUser({ name: "admin" });
      write(
        ".aws/credentials",
        `[admin]\naws_access_key_id = ${admin.accessKeyId}\naws_secret_access_key = ${admin.secretAccessKey}\n`,
      );
      write(".aws/config", "[profile admin]\nregion = eu-west-1\n");
    },
    steps: async ({ run }) => {
      await run("awsrole");
      await run("awsrole setup prod --admin-profile admin", [/Continue\? \[y\/N\]/, "y"]);
      await run("aws s3 ls --profile prod");
      await run("awsrole setup prod --undo", [/Delete all of these\? \[y\/N\]/, "y"]);
    },
  },
  {
    name: "server",
    title: "A server without a keychain, for cron and systemd",
    isServer: true,
    steps: async ({ run }, { aws }) => {
      await run("awsrole");
      await run("awsrole add-key deployer");
      await run("awsrole help stores");
      await run("mkdir -p ~/.config/awsrole");
      await run("(umask 077; head -c 32 /dev/urandom > ~/.config/awsrole/store.key)");
      await run("export AWSROLE_STORE=file AWSROLE_KEY_FILE=~/.config/awsrole/store.key");
      await run(
        "awsrole add-key deployer",
        [/Access key ID/, aws.bob.accessKeyId],
        [/Secret access key/, aws.bob.secretAccessKey],
      );
      await run(`awsrole add-profile backup --source-profile deployer --role-arn ${role}`);
      await run("aws s3 ls --profile backup");
      // What cron is: no terminal, and no session of a person's.
      await run("env -u XDG_RUNTIME_DIR setsid --wait aws s3 ls --profile backup < /dev/null");
      await run("awsrole list");
    },
  },
  {
    name: "terraform",
    title: "Terraform and an editor, with a key in ~/.aws/credentials",
    prepare: ({ write, aws }) =>
      write(
        ".aws/credentials",
        `[bob]\naws_access_key_id = ${aws.bob.accessKeyId}\naws_secret_access_key = ${aws.bob.secretAccessKey}\n`,
      ),
    steps: async ({ run }) => {
      await run("awsrole");
      await run("awsrole add-key bob --from-credentials-file");
      await run(
        `awsrole add-profile prod --source-profile bob --region eu-west-1 --role-arn ${role}`,
      );
      await run("awsrole whoami prod");
      await run("AWS_PROFILE=prod aws s3 ls");
      await run("awsrole exec prod", [/return\n\$$/, "aws s3 ls"], [/acme-logs\n\$$/, "exit"]);
      await run("awsrole explain prod");
    },
  },
];
