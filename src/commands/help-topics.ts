/** What `awsrole help TOPIC` explains: what is not about one command. */
import type { Topic } from "../cli/help.ts";

/** In the order of the overview. */
export const helpTopics: readonly Topic[] = [
  {
    name: "sso",
    summary: "sign in with IAM Identity Center",
    title: "IAM Identity Center (AWS SSO)",
    text: `awsrole signs in to IAM Identity Center and writes a profile for each account and role you have access to:

  aws configure sso-session        # once: start URL and region
  awsrole login acme               # sign in in the browser
  awsrole sync acme                # create or update the profiles
  awsrole list acme                # find a profile
  aws s3 ls --profile acme-dev-readonly

Without a browser on this machine, sign in with awsrole login acme --use-device-code. The AWS CLI and SDKs use the same sign-in.

When a sign-in has expired, commands that need it exit with 3 and name the command to run. Cached role credentials remain valid until they expire. awsrole logout acme ends the sign-in, also in AWS.`,
  },
  {
    name: "mfa",
    summary: "roles that require MFA",
    title: "Multi-factor authentication",
    text: `Set the device in the role's profile (or let awsrole add-profile do it):

  awsrole edit-profile prod --mfa-serial arn:aws:iam::123456789012:mfa/bob

One code creates a session (12 hours by default) that all roles of up to one hour on that device share. awsrole warm prod staging fetches several roles with one code.

The code comes from --mfa-code, else from the command in awsrole_mfa_process, else from a prompt in the terminal. awsrole_mfa_prompt = gui adds a pinentry window for programs without a terminal. If no prompt is possible, awsrole exits with 3 and names the command to run.

Each code works once. awsrole notices a used code and waits for the next.`,
  },
  {
    name: "stores",
    summary: "where keys and sessions are stored",
    title: "Secret stores",
    text: `Access keys and cached sessions are kept in one of these stores:

  keychain    the OS keychain: macOS, Windows, Secret Service (default)
  keychain:X  the collection X of the Secret Service
  file        encrypted with a passphrase, for machines without a keychain
  pass        encrypted by gpg for the keys of your password store
  plaintext   temporary credentials only, in files that only you can read
  none        nothing is cached

Choose a store with --store, the variable AWSROLE_STORE, or awsrole_store in [default], in this order. awsrole store use TO sets the last, awsrole store move TO moves everything to another store, and awsrole store shows what is where.

For services and cron, use the file store, opened by a key file that only you can read:

  (umask 077; mkdir -p ~/.config/awsrole
   head -c 32 /dev/urandom > ~/.config/awsrole/store.key)
  export AWSROLE_STORE=file AWSROLE_KEY_FILE=~/.config/awsrole/store.key

A store with a passphrase is opened by AWSROLE_PASSPHRASE_FILE, a file of mode 0600 that contains it.

Without a keychain nothing is cached, and credentials are still returned if their source is not in the keychain.`,
  },
  {
    name: "exit-codes",
    summary: "what the exit codes mean",
    title: "Exit codes",
    text: `  0     done
  1     failed: files, AWS or stores
  2     the command line is wrong
  3     interaction needed (MFA code, locked keychain, sign-in), but no terminal
  130   interrupted

awsrole exec exits with the code of its command (128 + the signal's number if a signal ended it), or:

  125   awsrole failed
  126   the command cannot be executed
  127   the command was not found

With --json, errors are also printed to stdout as {"error":{"code","message","hint"}}.`,
  },
];
