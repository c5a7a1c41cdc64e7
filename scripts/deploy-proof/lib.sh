# shellcheck shell=bash
# What both proofs need; sourced. A network namespace that has no way out, with "the cloud" in it.

namespace=plaza-proof-$$
work=
pids=()

step() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# Ends the script, with 0 unless REQUIRE_DEPLOY_PROOF=1, when something is not here.
require() { # COMMAND…
  local missing=()
  [ "$(uname -s)" = Linux ] && grep -qs '^ID=debian' /etc/os-release || missing+=(Debian)
  [ "$(id -u)" = 0 ] || missing+=(root)
  for command; do command -v "$command" >/dev/null || missing+=("$command"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "$0 proves nothing here; missing: ${missing[*]}" >&2
  [ "${REQUIRE_DEPLOY_PROOF:-}" != 1 ] || exit 1
  exit 0
}

begin() {
  work=$(mktemp -d /var/tmp/plaza-proof-XXXXXX)
  mkdir "$work/cloud"
  trap end EXIT
  ip netns add "$namespace"
  inside ip link set lo up
  inside ip address add 169.254.169.254/32 dev lo
}

end() {
  local status=$?
  set +e
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null; done
  # Whatever is left in the namespace is ours.
  ip netns pids "$namespace" 2>/dev/null | xargs -r kill -9
  ip netns delete "$namespace" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8; do
    # The deepest first.
    findmnt -rno TARGET | awk -v under="$work/" 'index($0, under) == 1' | sort -r | xargs -r umount 2>/dev/null && break
    sleep 0.5
  done
  if [ "$status" != 0 ] && [ -n "${KEEP_PROOF:-}" ]; then echo "kept: $work"; else rm -rf --one-file-system "$work"; fi
  exit "$status"
}

# Not for what goes on in the background: a function's $! is that of a shell.
inside() { ip netns exec "$namespace" "$@"; }

until_true() { # SECONDS COMMAND…: as often as it takes
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# A certificate authority of our own, which only the copies of the machine trust that we make.
make_certificates() {
  # A disk that was made before the cloud is started trusts these already.
  [ ! -e "$work/cloud/ca.crt" ] || return 0
  (
    cd "$work/cloud" || exit
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=proof' -keyout ca.key -out ca.crt
    openssl req -newkey rsa:2048 -nodes -subj '/CN=aws' -keyout server.key -out server.csr
    printf 'subjectAltName=DNS:ssm.us-east-1.amazonaws.com,DNS:autoscaling.us-east-1.amazonaws.com' >san
    openssl x509 -req -days 2 -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile san -out server.crt
  ) 2>/dev/null
}

start_cloud() { # HOST
  make_certificates
  # Swift's newer release is downloaded once, which the namespace could not.
  node -e "import('./test/support/swift.ts').then(async ({ startTestS3 }) => (await startTestS3())?.stop())"
  ip netns exec "$namespace" node scripts/deploy-proof/cloud.ts "$work/cloud" "$@" >"$work/cloud/log" 2>&1 &
  pids+=($!)
  until_true 60 grep -q 'the cloud is there' "$work/cloud/log" || { cat "$work/cloud/log"; fail 'the cloud did not start'; }
}

# Names the stand-ins in a file system, and makes it trust them: all that the proof changes in a copy of the image.
introduce_cloud() { # ROOT ADDRESS
  echo "$2 ssm.us-east-1.amazonaws.com autoscaling.us-east-1.amazonaws.com" >>"$1/etc/hosts"
  cp "$work/cloud/ca.crt" "$1/usr/local/share/ca-certificates/plaza-proof.crt"
  chroot "$1" update-ca-certificates >/dev/null 2>&1
}

# A tarball of Debian 12, kept from one run to the next: debian NAME OPTIONS…, its path is in $debian then
debian() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/plaza/deploy
  debian=$cache/$1.tar
  [ ! -e "$debian" ] || return 0
  mkdir -p "$cache" "$work/debootstrap"
  # In memory: dpkg waits for the disk after each file.
  mount -t tmpfs -o size=4G,mode=755 tmpfs "$work/debootstrap"
  # shellcheck disable=SC2016
  TMPDIR=$work/debootstrap mmdebstrap --quiet --variant=minbase "${@:2}" bookworm "$work/debootstrap/$1.tar" \
    "$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)"
  cp "$work/debootstrap/$1.tar" "$debian.new"
  mv "$debian.new" "$debian"
  umount "$work/debootstrap"
}

# A bare machine's root file system, with the locale of Debian's cloud images and the packages that the image needs
# downloaded, not installed: bare_debian NAME [MORE_PACKAGES]
bare_debian() {
  # shellcheck disable=SC2016
  debian "$1" --skip=cleanup/apt \
    --include="systemd,systemd-sysv,udev,dbus,openssh-server,cloud-init,iproute2,ca-certificates,sudo,netplan.io${2:+,$2}" \
    --customize-hook='echo LANG=C.UTF-8 >"$1/etc/default/locale"' --customize-hook='chroot "$1" apt-get clean' \
    --customize-hook='chroot "$1" apt-get -qq -y --download-only --no-install-recommends install curl jq cron logrotate chrony awscli >/dev/null'
}

# The build of ami/, for another machine than Amazon's: packer_folder SOURCE HCL…
packer_folder() {
  local source=$1
  mkdir "$work/ami"
  cp -r ami/*.sh ami/root ami/build.pkr.hcl "$work/ami"
  # Packer 1.6, Debian's, knows neither required_plugins nor the sources' newer arguments: the variables are told again.
  sed '/^locals/,$d' ami/plaza.pkr.hcl >"$work/ami/variables.pkr.hcl"
  sed -i "s/^  sources = .*/  sources = [\"$source\"]/" "$work/ami/build.pkr.hcl"
  [ "$(diff ami/build.pkr.hcl "$work/ami/build.pkr.hcl" | grep -c '^[<>]')" = 2 ] || fail 'more than the sources were changed'
  cat >"$work/ami/source.pkr.hcl"
}

# A hundred clients: start_load URL [KILLED_FILE], see load.ts
start_load() {
  ip netns exec "$namespace" node scripts/deploy-proof/load.ts "$@" >"$work/load.log" 2>&1 &
  load=$!
  pids+=("$load")
  until_true 120 grep -q 'the load is on' "$work/load.log" || { cat "$work/load.log"; fail 'no load'; }
}

end_load() { # WHAT
  kill -TERM "$load"
  wait "$load" || { cat "$work/load.log"; fail "$1"; }
  step "$1: $(tail -n 1 "$work/load.log")"
}
