#!/bin/bash
# How this host does: health-check.sh [--report]
#
# Prints `Health check passed` and ends with 0, or each reason on a line and ends with 1. One line goes to the log.
# With --report, as cron runs it every five minutes, failures are counted: after three in a row the auto-scaling group
# is told to replace this instance. Only what a new instance would cure is counted. What the whole fleet shares (the
# database, S3) is told of and not counted: it would have every instance replaced, which helps nobody.
set -u
limit=3
# In memory: it must work on a full disk, and a boot begins anew.
counter=/run/plaza-health/failures
metadata=http://169.254.169.254/latest
port=$(sed -n 's/^PORT="\{0,1\}\([0-9]\{1,5\}\)"\{0,1\}$/\1/p' /etc/plaza/environment 2>/dev/null)
port=${port:-3000}
reasons=() counted=no

curable() { reasons+=("$1"); counted=yes; }
shared() { reasons+=("$1"); }

check_unit() {
  local state
  state=$(systemctl is-active plaza.service)
  [ "$state" = active ] || curable "plaza.service is ${state:-unknown}"
}

check_http() {
  local reply status
  # A listening port is not health, and health is more than a listening port; told apart, they say where to look.
  [ -n "$(ss -Hltn "sport = :$port")" ] || curable "nothing listens on port $port"
  if ! curl -fs -o /dev/null --max-time 2 "http://127.0.0.1:$port/health"; then
    curable "/health gave no 200 within 2 s"
    return
  fi
  reply=$(curl -s --max-time 5 -w '\n%{http_code}' "http://127.0.0.1:$port/ready")
  status=${reply##*$'\n'}
  [ "$status" = 200 ] || shared "/ready says ${status:-nothing}: $(printf '%s' "${reply%$'\n'*}" |
    jq -r '[.status, (.checks | to_entries[] | select(.value.status == "down") | "\(.key) down")] | join(", ")' 2>/dev/null)"
}

check_disk() { # of bytes and of inodes, which run out, too; some file systems count none and say `-`
  local used inodes mount
  while read -r used inodes mount; do
    used=${used%\%} inodes=${inodes%\%}
    [ "$inodes" != - ] && [ "$inodes" -gt "$used" ] && used=$inodes
    if [ "$used" -ge 95 ]; then curable "the disk at $mount is $used % full"
    elif [ "$used" -ge 80 ]; then shared "the disk at $mount is $used % full"; fi
  done < <(df --output=pcent,ipcent,target / /var /opt/plaza | tail -n +2 | sort -u)
}

check_memory() {
  local available
  available=$(awk '/^MemTotal/ { total = $2 } /^MemAvailable/ { print int(100 * $2 / total) }' /proc/meminfo)
  [ "$available" -ge 5 ] || curable "only $available % of the memory is available"
}

check_clock() { # against the metadata service's: AWS refuses signatures that are minutes away
  local theirs apart
  theirs=$(curl -s -o /dev/null -D - --max-time 2 "$metadata/" | tr -d '\r' | sed -n 's/^[Dd]ate: //p')
  if [ -z "$theirs" ]; then
    shared 'the metadata service does not answer: the clock is not checked'
    return
  fi
  apart=$(($(date +%s) - $(date -d "$theirs" +%s)))
  [ "${apart#-}" -le 5 ] || shared "the clock is $apart s off"
}

tell_group() {
  local token instance region
  token=$(curl -fs -X PUT --max-time 2 -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token") || return
  instance=$(curl -fs --max-time 2 -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/instance-id") || return
  region=$(curl -fs --max-time 2 -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/placement/region") || return
  aws autoscaling set-instance-health --region "$region" --instance-id "$instance" --health-status Unhealthy \
    --cli-connect-timeout 5 --cli-read-timeout 10
}

check_unit
check_http
check_disk
check_memory
check_clock

failures=0
if [ "${1:-}" = --report ]; then
  mkdir -p "${counter%/*}"
  [ "$counted" = no ] || failures=$(($(cat "$counter" 2>/dev/null || echo 0) + 1))
  echo "$failures" >"$counter"
  if [ "$failures" -ge "$limit" ]; then
    if said=$(tell_group 2>&1); then reasons+=("reported to the auto-scaling group after $failures failures in a row")
    else reasons+=("could not be reported to the auto-scaling group: ${said//$'\n'/ }"); fi
  fi
fi

if [ "${#reasons[@]}" = 0 ]; then
  logger -t plaza-health 'Health check passed'
  echo 'Health check passed'
  exit 0
fi
printf -v line '%s; ' "${reasons[@]}"
logger -t plaza-health -p user.warning -- "Health check failed: ${line%; }"
printf '%s\n' "${reasons[@]}"
exit 1
