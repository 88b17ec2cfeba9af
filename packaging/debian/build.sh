#!/usr/bin/env bash
# Builds awsrole_VERSION_ARCH.deb beside this file from the stand-alone program of this machine (npm run standalone), or of the architecture that is
# given: build.sh arm64. Completion scripts are the same on all, and come from the package's own source.
# A binary package made with dpkg-deb alone: nothing is compiled here, so there is nothing for debhelper to do.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=$(node -p 'require("'"$root"'/package.json").version')
architecture=${1:-$(dpkg --print-architecture)}
case $architecture in
  amd64) program=$root/standalone/awsrole-linux-x64 ;;
  arm64) program=$root/standalone/awsrole-linux-arm64 ;;
  *) echo "there is no stand-alone program for $architecture" >&2; exit 1 ;;
esac
[ -x "$program" ] || { echo "$program is not there: npm run standalone" >&2; exit 1; }

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
install -D -m 755 "$program" "$tree/usr/bin/awsrole"
install -D -m 644 "$here/copyright" "$tree/usr/share/doc/awsrole/copyright"
gzip -9nc "$root/standalone/LICENSES.txt" >"$tree/LICENSES.txt.gz"
install -D -m 644 "$tree/LICENSES.txt.gz" "$tree/usr/share/doc/awsrole/LICENSES.txt.gz"
rm "$tree/LICENSES.txt.gz"
gzip -9nc "$root/CHANGELOG.md" >"$tree/changelog.gz"
install -D -m 644 "$tree/changelog.gz" "$tree/usr/share/doc/awsrole/changelog.gz"
rm "$tree/changelog.gz"
gzip -9nc "$root/man/awsrole.1" >"$tree/awsrole.1.gz"
install -D -m 644 "$tree/awsrole.1.gz" "$tree/usr/share/man/man1/awsrole.1.gz"
rm "$tree/awsrole.1.gz"
for completion in bash:bash-completion/completions/awsrole zsh:zsh/vendor-completions/_awsrole fish:fish/vendor_completions.d/awsrole.fish; do
  file=$tree/usr/share/${completion#*:}
  mkdir -p "$(dirname "$file")"
  HOME=$tree AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null node "$root/bin/awsrole.js" completion "${completion%%:*}" >"$file"
  chmod 644 "$file"
done
mkdir "$tree/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$tree" | cut -f1)/" \
  "$here/control" >"$tree/DEBIAN/control"
(cd "$tree" && find usr -type f -exec md5sum {} +) >"$tree/DEBIAN/md5sums"
find "$tree" -type d -exec chmod 755 {} +
chmod 644 "$tree/DEBIAN/control" "$tree/DEBIAN/md5sums"
dpkg-deb --root-owner-group --build "$tree" "$here/awsrole_${version}_${architecture}.deb"
