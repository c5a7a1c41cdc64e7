# shellcheck shell=bash
# Builds the Dockerfile and runs the image as it should be run in production; sourced.
# shellcheck disable=SC2154
#
# Registries are not asked: what stands in for the two base images is Debian's minimal system, without documentation as
# in the real ones, and with the release's Node and this machine's npm in the one that builds.

export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot CONTAINERS_STORAGE_CONF="$work/storage.conf"
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$work/images" "$work/run" >"$work/storage.conf"

debian debian-12-slim --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*'
podman import -q "$debian" docker.io/library/debian:bookworm-slim >/dev/null
builder=$(buildah from --pull-never docker.io/library/debian:bookworm-slim)
tree=$(buildah mount "$builder")
install -D "$work/release/bin/node" "$tree/usr/local/bin/node"
mkdir -p "$tree/usr/local/lib/node_modules"
cp -rL "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$tree/usr/local/lib/node_modules/npm"
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$tree/usr/local/bin/$name"; done
# The builder has the network of this machine, its registry, and the authorities that it trusts.
install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/ca-certificates.crt"
echo "registry=$(npm config get registry)" >"$tree/root/.npmrc"
buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$builder"
buildah umount "$builder" >/dev/null
buildah commit -q --rm "$builder" docker.io/library/node:24-bookworm-slim >/dev/null
step 'base images'

buildah bud -q --pull-never --format docker -t plaza . >"$work/bud.log" 2>&1 || { cat "$work/bud.log"; fail 'the Dockerfile does not build'; }
# The registry's debian:bookworm-slim has 75 MB; what stands in for it here has more (perl and all).
size_of() { podman image inspect "$1" | jq '.[0].Size'; }
added=$(($(size_of plaza) - $(size_of docker.io/library/debian:bookworm-slim)))
[ "$added" -lt 170000000 ] || fail "the Dockerfile adds $added bytes to its base"
[ "$(podman image inspect plaza | jq -r '.[0].User')" = 10001:10001 ] || fail 'the image is run by root'
step "the Dockerfile builds: $((added / 1000000)) MB on top of its base"

mapfile -t environment < <(printf -- '--env\n%s\n' "${variables[@]}")
podman --runtime runc --cgroup-manager=cgroupfs run --name plaza --rm --network "ns:/run/netns/$namespace" --no-healthcheck \
  --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --read-only --read-only-tmpfs=false --cap-drop=ALL --security-opt no-new-privileges \
  --env PORT=3300 --env ADMIN_PORT=3301 "${environment[@]}" plaza >"$work/container.log" 2>&1 &
container=$!
pids+=("$container")
until_true 40 inside curl -fs http://127.0.0.1:3300/ready || { cat "$work/container.log"; fail 'the container is not ready'; }
pid=$(podman inspect plaza | jq '.[0].State.Pid')
grep -q '^CapBnd:[[:space:]]*0*$' "/proc/$pid/status" || fail 'the container has capabilities'
[ "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" = 10001 ] || fail 'the container runs as another user'
podman --runtime runc exec plaza node -e 'try { fs.writeFileSync("/tmp/x", ""); process.exit(1) } catch {}' || fail 'the container can write'
# podman's timer for it does not run here; the command itself does.
mapfile -t check < <(podman image inspect plaza | jq -r '.[0].Healthcheck.Test[1:][]')
podman --runtime runc exec plaza "${check[@]}" || fail 'HEALTHCHECK fails'
podman --runtime runc exec --env PORT=1 plaza "${check[@]}" && fail 'HEALTHCHECK cannot fail'
# A whole story through it, an upload and all, before it is stopped.
start_load http://127.0.0.1:3300
sleep 3
end_load 'the container, read-only and without capabilities'
podman --runtime runc stop -t 30 plaza >/dev/null
wait "$container" || fail "the container ended with $?"
grep -q '"msg":"stopped"' "$work/container.log" || fail 'the container did not stop in order'
step 'the container stopped in order'
