/** A word, or the words up to it, that name awsrole's own program: the script, the installed command, or a stand-alone program under the name it was built with. */
export const awsroleFile =
  /(?:^|[\s/\\"])awsrole(?:-(?:linux|darwin|win32)-\w+(?:-musl)?)?(?:\.(?:js|cmd|exe))?"?$/i;
