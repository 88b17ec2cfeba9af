#!/usr/bin/env bash
# Builds awsrole_VERSION_ARCH.deb beside this file from the stand-alone program of this machine (npm run standalone), or of the architecture that is
# given: build.sh arm64.
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

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"
ZSH_FUNCTIONS=zsh/vendor-completions "$here/../tree.sh" "$tree" "$program"
install -m 644 "$here/copyright" "$tree/usr/share/doc/awsrole/copyright"
mkdir "$tree/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$tree" | cut -f1)/" \
  "$here/control" >"$tree/DEBIAN/control"
(cd "$tree" && find usr -type f -exec md5sum {} +) >"$tree/DEBIAN/md5sums"
chmod 644 "$tree/DEBIAN/control" "$tree/DEBIAN/md5sums"
# Level 3 of xz: a third of the time of 6, and 2 % larger.
dpkg-deb -Zxz -z3 --root-owner-group --build "$tree" "$here/awsrole_${version}_${architecture}.deb"
