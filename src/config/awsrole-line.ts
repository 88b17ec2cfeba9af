/** `credential_process` lines that run awsrole. */

const awsroleLine = /^(.+?) credential-process --profile[ =]([^\s"]+)(?=\s|$)/;

/**
 * The profile that a `credential_process` line runs awsrole for; undefined if it runs something else. Other programs have a
 * command of that name too (granted), so the program must be called awsrole, or the section be one that we manage.
 */
export function awsroleLineProfile(line: string, managed: boolean): string | undefined {
  const [, program = "", profile] = awsroleLine.exec(line) ?? [];
  const isAwsrole =
    /(?:^|[\s/\\"])awsrole(?:-(?:linux|darwin|win32)-[\w-]+)?(?:\.(?:js|cmd|exe))?"?$/i.test(
      program,
    );
  return isAwsrole || managed ? profile : undefined;
}
