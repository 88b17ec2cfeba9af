#!/usr/bin/env bash
# Builds the Debian package and the RPM of this machine's stand-alone program, installs each in an empty root with the C library and nothing else,
# runs the program there, removes the package and looks at what is left. Root on Debian, with rpm; nothing outside a temporary folder is changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=$(node -p 'require("'"$here"'/../package.json").version')
bash "$here/debian/build.sh"
bash "$here/rpm/build.sh"

# In a mount namespace of its own, so that what is mounted here is gone when this ends.
unshare --mount bash -euo pipefail -s -- "$here" "$version" <<'INSIDE'
here=$1 version=$2
root=$(mktemp -d)
trap 'umount -R "$root"; rmdir "$root"' EXIT
fail() { echo "packages: $*" >&2; exit 1; }
for kind in deb rpm; do
  mount -t tmpfs -o mode=755 tmpfs "$root"
  mkdir -p "$root"/{dev,proc,tmp,root,var/lib/dpkg/{info,updates},var/lib/rpm}
  touch "$root/var/lib/dpkg/"{status,available}
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  case $kind in
    deb) install() { dpkg --root="$root" --force-depends --force-script-chrootless --log=/dev/null -i "$here"/debian/awsrole_"$version"_*.deb >/dev/null 2>&1; }
         remove() { dpkg --root="$root" --log=/dev/null --purge awsrole >/dev/null 2>&1; } ;;
    rpm) install() { rpm --root "$root" --nodeps --install "$here"/rpm/awsrole-"$version"-1.*.rpm 2>/dev/null; }
         remove() { rpm --root "$root" --nodeps --erase awsrole 2>/dev/null; } ;;
  esac
  install || fail "$kind: cannot be installed"
  for library in $(ldd "$root/usr/bin/awsrole" | grep -o '/[^ ]*'); do mkdir -p "$root$(dirname "$library")"; cp "$library" "$root$library"; done
  [ "$(chroot "$root" /usr/bin/awsrole --version)" = "$version" ] || fail "$kind: the program does not start"
  for file in bash-completion/completions/awsrole fish/vendor_completions.d/awsrole.fish doc/awsrole/LICENSES.txt.gz man/man1/awsrole.1.gz; do
    [ -s "$root/usr/share/$file" ] || fail "$kind: no $file"
  done
  [ -z "$(find "$root/usr" -perm /022 -not -type l -print -quit)" ] || fail "$kind: a file that others can write"
  remove || fail "$kind: cannot be removed"
  [ ! -d "$root/usr" ] || [ -z "$(find "$root/usr" -name '*awsrole*' -print -quit)" ] || fail "$kind: files are left behind"
  umount -R "$root"
  echo "packages: $kind installed, started and removed"
done
trap 'rmdir "$root"' EXIT
INSIDE
