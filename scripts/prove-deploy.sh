#!/usr/bin/env bash
# Bakes, boots, breaks and rolls Plaza on this machine, without AWS: `npm run prove:deploy`, as root on Debian 12.
# With a tarball of `npm run package` it proves that one: `npm run prove:deploy -- release/plaza-….tar.gz`
#
# docs/operations.md says what each step proves, and what stays unproven. REQUIRE_DEPLOY_PROOF=1 makes it an error when
# something is missing here. KEEP_PROOF=1 keeps the files of a run that failed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin" CHECKPOINT_DISABLE=1
. scripts/deploy-proof/lib.sh
. scripts/deploy-proof/nspawn.sh
require packer mmdebstrap systemd-nspawn haproxy shellcheck buildah podman runc curl jq openssl ip findmnt redis-server memcached
begin

# Lint
shellcheck -x scripts/*.sh scripts/deploy-proof/*.sh ami/*.sh ami/root/usr/local/bin/* userdata/*.sh
step 'shell scripts are clean'

# The release: the file that everything below runs. Made twice.
if [ $# -gt 0 ]; then
  release=$(realpath "$1")
else
  scripts/package.sh x64 >"$work/packaged"
  read -r checksum tarball _ <"$work/packaged"
  scripts/package.sh x64 | grep -q "^$checksum " || fail 'two runs of package.sh gave two files'
  release=$PWD/release/$tarball
  step "$tarball: the same bytes twice"
fi
[ "$(stat -c %s "$release")" -lt 120000000 ] || fail "$release has more than 120 MB"

# All of them, unless somebody works on one: `boot` wants `cloud bake`, `break` wants `boot`, the others `cloud`.
PROOF_STEPS=${PROOF_STEPS:-cloud bake boot break roll container}
for part in $PROOF_STEPS; do
  # shellcheck source=/dev/null
  . "scripts/deploy-proof/$part.sh"
done
step "proved: $PROOF_STEPS"
