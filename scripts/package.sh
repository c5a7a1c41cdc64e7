#!/usr/bin/env bash
# Makes release/plaza-VERSION-linux-ARCH.tar.gz, the one file that goes onto machines: `npm run package [-- ARCH…]`
#
# In it: the compiled service, its production dependencies with the native parts of that platform, the Node runtime
# (from npm, its checksum held by package-lock.json), VERSION, a bill of materials and SHA256SUMS of all of it.
# Two runs on one commit give the same bytes. Linux with GNU tar.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- x64 arm64
umask 022

commit=$(git rev-parse --short=10 HEAD)
[ -z "$(git status --porcelain)" ] || commit=$commit.dirty
release=$(node -p 'require("./package.json").version')-$commit
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node_modules/.bin/tsc -p tsconfig.build.json --outDir "$work/dist" --sourceMap false
cp -r src/http/docs "$work/dist/http/"
mkdir -p release

for arch; do
  # Its name is the bill's; `bin` holds nothing but the runtime.
  root=$work/$arch/plaza
  mkdir -p "$root/bin"
  cp package.json package-lock.json LICENSE "$root"
  cp -r "$work/dist" "$root"
  (
    cd "$root"
    # No script of a package runs: the native parts are prebuilt. Engines are those of this machine, not of the target.
    npm ci --omit=dev --ignore-scripts --os=linux --cpu="$arch" --libc=glibc --no-audit --no-fund --silent
    npm pkg delete devDependencies optionalDependencies scripts overrides
    rm -rf node_modules/@dynoxide package-lock.json scripts
  )
  (cd "$root" && npm sbom --omit=dev --sbom-format=cyclonedx) | node scripts/stable-sbom.ts >"$work/sbom"
  mv "$work/sbom" "$root/sbom.cdx.json"
  mv "$root/node_modules/node-linux-$arch/bin/node" "$root/bin/node"
  mv "$root/node_modules/node-linux-$arch/LICENSE" "$root/bin/LICENSE"
  node_version=$(node -p 'require(process.argv[1]).version' "$root/node_modules/node-linux-$arch/package.json")
  scripts/prune-modules.sh "$root/node_modules" "$arch"
  printf 'release=%s\ncommit=%s\nplatform=linux-%s\nnode=%s\n' "$release" "$commit" "$arch" "$node_version" >"$root/VERSION"
  (cd "$root" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >"$work/sums")
  mv "$work/sums" "$root/SHA256SUMS"

  name=plaza-$release-linux-$arch
  tar --create --directory "$work/$arch" --transform "s|^plaza|$name|" --sort=name --format=gnu \
    --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' plaza |
    gzip -n -9 >"release/$name.tar.gz"
  (cd release && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
  printf '%s %s MB\n' "$(cat "release/$name.tar.gz.sha256")" "$(($(stat -c %s "release/$name.tar.gz") / 1000000))"
  rm -rf "${work:?}/$arch"
done
