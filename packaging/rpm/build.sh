#!/usr/bin/env bash
# Builds awsrole-VERSION-1.ARCH.rpm beside this file from the stand-alone program of this machine (npm run standalone), or of the architecture that
# is given: build.sh aarch64. Needs rpmbuild; nothing is compiled here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=$(node -p 'require("'"$root"'/package.json").version')
architecture=${1:-$(uname -m)}
case $architecture in
  x86_64) program=$root/standalone/awsrole-linux-x64 ;;
  aarch64) program=$root/standalone/awsrole-linux-arm64 ;;
  *) echo "there is no stand-alone program for $architecture" >&2; exit 1 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/../tree.sh" "$work/tree" "$program"
install -D -m 644 "$root/LICENSE" "$work/tree/usr/share/licenses/awsrole/LICENSE"
rpmbuild -bb --quiet --target "$architecture" \
  --define "_buildhost localhost" --define "_topdir $work" --define "tree $work/tree" --define "version_of_package $version" "$here/awsrole.spec"
mv "$work/RPMS/$architecture/awsrole-$version-1.$architecture.rpm" "$here/"
