#!/usr/bin/env bash
# tree.sh FOLDER PROGRAM: lays out below FOLDER what the Debian package and the RPM install beside their own notices: the stand-alone program, its
# licences, the manual page and the completion scripts (the same on all architectures, from the package's own source).
set -euo pipefail
tree=$1 program=$2
root=$(cd "$(dirname "$0")/.." && pwd)
[ -x "$program" ] || { echo "$program does not exist: npm run standalone" >&2; exit 1; }
install -D -m 755 "$program" "$tree/usr/bin/awsrole"
mkdir -p "$tree/usr/share/doc/awsrole" "$tree/usr/share/man/man1"
gzip -9nc "$root/standalone/LICENSES.txt" >"$tree/usr/share/doc/awsrole/LICENSES.txt.gz"
gzip -9nc "$root/man/awsrole.1" >"$tree/usr/share/man/man1/awsrole.1.gz"
gzip -9nc "$root/CHANGELOG.md" >"$tree/usr/share/doc/awsrole/changelog.gz"
for completion in bash:bash-completion/completions/awsrole zsh:${ZSH_FUNCTIONS:-zsh/site-functions}/_awsrole fish:fish/vendor_completions.d/awsrole.fish; do
  file=$tree/usr/share/${completion#*:}
  mkdir -p "$(dirname "$file")"
  HOME=$tree AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null node "$root/bin/awsrole.js" completion "${completion%%:*}" >"$file"
done
find "$tree/usr" -type d -exec chmod 755 {} +
find "$tree/usr/share" -type f -exec chmod 644 {} +
