# shellcheck shell=bash
# Boots a fresh copy of the image with the real user-data; sourced after bake.sh.
# shellcheck disable=SC2154

# As large as its disk: something that can be filled.
mkdir "$work/machine"
mount -t tmpfs -o size=2G,mode=755 tmpfs "$work/machine"
cp -a "$work/image/." "$work/machine"
for left in etc/ssh/ssh_host_ed25519_key root/.ssh/authorized_keys etc/plaza/environment tmp/plaza-ami var/lib/cloud/instance; do
  [ ! -e "$work/machine/$left" ] || fail "the image holds $left"
done
systemd-analyze verify --root="$work/machine" plaza.service plaza-log.service 2>&1 | grep -i plaza && fail 'the units are not clean'
introduce_cloud "$work/machine" 127.0.0.1
install -D /dev/stdin "$work/machine/var/lib/cloud/seed/nocloud/meta-data" <<<'instance-id: i-0123456789abcdef0'
install -D userdata/user-data.sh "$work/machine/var/lib/cloud/seed/nocloud/user-data"
boot "$work/machine"
until_true 120 machine plaza-await /ready 1 || { machine cat /var/log/cloud-init-output.log; fail 'never ready'; }
step 'a fresh copy is ready with the real user-data'

told() { grep -qs "$1" "$work/cloud/told"; }
until_true 60 told '"LifecycleActionResult":"CONTINUE"' || fail 'the launch hook was not completed'
grep -q ABANDON "$work/cloud/told" && fail 'the launch was abandoned'
until_true 15 running || { machine systemctl --failed; machine grep -A20 'WARN\|ERROR\|Traceback' /var/log/cloud-init.log; fail 'the machine is not "running"'; }
grep -qv '^200' "$work/cloud/asked" && grep -v '^200\|^404' "$work/cloud/asked" && fail 'the metadata service refused something'
[ "$(machine stat -c '%U %a' /etc/plaza/environment)" = 'root 600' ] || fail 'the environment can be read'
main_pid() { machine systemctl show --value -p MainPID plaza; }
secret=$(jq -r .JWT_SECRET "$work/cloud/environment.json")
machine cat "/proc/$(main_pid)/environ" | tr '\0' '\n' | grep -qxF "JWT_SECRET=$secret" || fail 'the secret came through changed'
[ "$(machine ps -o user= -p "$(main_pid)")" = plaza ] || fail 'the service is not run by plaza'
[ "$(machine readlink -f /opt/plaza/current)" = "/opt/plaza/releases/$(sed -n 's/^release=//p' "$work/release/VERSION")" ] ||
  fail 'current leads elsewhere'
[ "$(machine health-check.sh)" = 'Health check passed' ] || { machine health-check.sh; fail 'health-check.sh'; }
step 'the launch hook is completed, systemd says running, health-check.sh passes'
