#!/usr/bin/env bash
# Takes out of a production node_modules what never runs: prune-modules.sh FOLDER ARCH (x64 or arm64)
# Licences stay. It is shared by the release and the container image.
set -euo pipefail
modules=$1 arch=$2

# The embedded database is for laptops, and the runtime has a place of its own.
rm -rf "$modules/@dynoxide" "$modules"/node-linux-* "$modules/.bin" "$modules/.package-lock.json"
# bcrypt brings one binary for each platform; this is for the one that is left.
find "$modules/bcrypt/prebuilds" -mindepth 1 -maxdepth 1 ! -name "linux-$arch" -exec rm -rf {} +
find "$modules/bcrypt/prebuilds" -name '*.musl.node' -delete

# Of Swagger UI one of its builds is served.
find "$modules/swagger-ui-dist" -name '*.js' ! -name swagger-ui-bundle.js -delete

find "$modules" -type f \( -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.tsbuildinfo' \
  -o -name '*.c' -o -name '*.cc' -o -name '*.h' -o -name '*.gyp' -o -name '*.gypi' -o -name '*.html' -o -name '*.png' \
  -o -name '*.yml' -o -name '.[!.]*' -o -iname 'readme*' -o -iname 'changelog*' -o -iname 'contributing*' \) -delete
find "$modules" -type d \( -name test -o -name tests -o -name benchmarks -o -name examples -o -name dist-types \
  -o -name dist-es \) -prune -exec rm -rf {} +
find "$modules" -type d -empty -delete
