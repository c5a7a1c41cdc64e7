# shellcheck shell=bash
# A machine with an init of its own (systemd-nspawn) in the namespace of lib.sh; sourced after it. One at a time.
# shellcheck disable=SC2154

machine_root=
machine_pid=

boot() { # ROOT: a root file system; comes back when systemd is reached
  machine_root=$1
  (
    # 133: the machine asks to be booted again.
    status=133
    while [ "$status" = 133 ]; do
      systemd-nspawn -q -D "$machine_root" --register=no --keep-unit --boot --console=pipe --machine=plaza \
        --resolv-conf=off --network-namespace-path="/run/netns/$namespace" </dev/null >>"$work/console" 2>&1 &&
        status=0 || status=$?
    done
  ) &
  machine_pid=$!
  pids+=("$machine_pid")
  until_true 30 machine true || { tail -50 "$work/console"; fail 'the machine did not boot'; }
}

# The process that is the machine's first one.
leader() {
  local nspawn
  nspawn=$(pgrep -P "$machine_pid" -x systemd-nspawn) && pgrep -P "$nspawn" | head -n 1
}

machine() { # COMMAND…: as root, in the machine
  local pid
  pid=$(leader) || return 1
  nsenter --target "$pid" --mount --uts --ipc --net --pid --root --wd -- /usr/bin/env -i \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
}

settled() {
  case $(machine systemctl is-system-running) in running | degraded) ;; *) return 1 ;; esac
}

running() { [ "$(machine systemctl is-system-running)" = running ]; }

power_off() {
  machine systemctl poweroff
  wait "$machine_pid" || true
}
