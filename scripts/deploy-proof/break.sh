# shellcheck shell=bash
# Breaks the machine that boot.sh booted, and looks at what it does about it; sourced.
# shellcheck disable=SC2154

# Killed
before=$(main_pid)
machine kill -9 "$before"
until_true 5 machine plaza-await /ready 1 || fail 'not back 5 s after kill -9'
[ "$(main_pid)" != "$before" ] || fail 'kill -9 killed nothing'
step 'killed with -9: back within 5 s'

# health-check.sh: it must fail and say so
unwell() { # TEXT [--report]
  local said
  said=$(machine health-check.sh "${@:2}") && fail "health-check.sh passed; it should say: $1"
  [[ $said == *"$1"* ]] || { echo "$said"; fail "health-check.sh does not say: $1"; }
}

# What the fleet shares is told of, and no reason to replace an instance
dynoxide=$(ip netns pids "$namespace" | while read -r pid; do
  [ "$(readlink "/proc/$pid/exe" | grep -c dynoxide)" = 0 ] || echo "$pid"
done)
kill -STOP "$dynoxide"
until_true 20 machine sh -c '! plaza-await /ready 1' || fail '/ready does not mind that the database is away'
for _ in 1 2 3 4; do unwell '/ready says 503: unavailable, dynamodb down' --report; done
kill -CONT "$dynoxide"
until_true 20 machine plaza-await /ready 1 || fail 'not ready again'
told SetInstanceHealth && fail 'the instance was reported because of the database'
step 'without its database: health-check.sh says so and reports nothing'

# Gone for good
machine systemctl mask --quiet --now --runtime plaza.service
unwell 'plaza.service is inactive' --report
unwell 'nothing listens on port 3000' --report
told SetInstanceHealth && fail 'reported too early'
unwell 'reported to the auto-scaling group after 3 failures in a row' --report
told '"Action":"SetInstanceHealth".*"HealthStatus":"Unhealthy"' || fail 'the auto-scaling group was told nothing'
machine journalctl -q -t plaza-health | grep -q 'Health check failed: .*reported' || fail 'the log says nothing'
machine systemctl unmask --quiet --runtime plaza.service
machine systemctl start plaza.service
machine health-check.sh --report >/dev/null || fail 'not well again'
step 'stopped for good: health-check.sh says why, and reports after three times'

# The disk
machine sh -c 'cat /dev/zero >/fill 2>/dev/null' || true
unwell 'the disk at / is 100 % full'
machine plaza-await /ready 5 || fail 'a full disk stopped the service'
machine rm /fill
size=$(df --output=size -k "$work/machine" | tail -n 1) used=$(df --output=used -k "$work/machine" | tail -n 1)
machine fallocate -l "$((size * 85 / 100 - used))K" /fill
unwell 'the disk at / is 8'
machine rm /fill
machine health-check.sh >/dev/null || fail 'not well again'
step 'the disk at 85 and at 100 %: health-check.sh says so, the service goes on'

# The log's copy for the CloudWatch agent, which is not here: its folder alone lets the unit start.
machine mkdir -p /opt/aws/amazon-cloudwatch-agent/bin
machine systemctl start plaza-log.service
for line in before after; do
  machine logger -t plaza-health "the line $line"
  until_true 20 machine grep -q "the line $line" /var/log/plaza/plaza.log ||
    { machine systemctl status --no-pager plaza-log.service; fail 'plaza-log.service writes nothing'; }
  [ "$line" = after ] || machine logrotate --force /etc/logrotate.d/plaza
done
machine sh -c 'grep -q "the line before" /var/log/plaza/plaza.log.1 && ! grep -q "the line before" /var/log/plaza/plaza.log' ||
  fail 'the log is not rotated'
step 'the log is copied for the agent, and rotated'

# A launch that comes to nothing: user-data again, on a machine that is never ready.
machine mount --bind /bin/false /usr/local/bin/plaza-await
machine bash -s <userdata/user-data.sh >"$work/abandoned.log" 2>&1 && fail 'user-data finds a machine ready that is not'
machine umount /usr/local/bin/plaza-await
told '"LifecycleActionResult":"ABANDON"' || { cat "$work/abandoned.log"; fail 'the launch was not abandoned'; }
step 'a launch without /ready is abandoned'

# Booted again
before=$(leader)
machine systemctl reboot
until_true 30 sh -c "! kill -0 $before" || fail 'does not go down'
until_true 60 machine plaza-await /ready 1 || fail 'does not come back'
until_true 60 running || fail 'the machine is not "running" again'
[ "$(grep -c CompleteLifecycleAction "$work/cloud/told")" = 2 ] || fail 'user-data ran again'
step 'booted again: it serves'
power_off
