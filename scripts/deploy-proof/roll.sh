# shellcheck shell=bash
# Three instances of the release behind haproxy, rolled to another version under load, and one of them killed; sourced.
# shellcheck disable=SC2154

haproxy_config() {
  cat <<'HAPROXY'
global
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 70s
  timeout server 70s
  timeout http-keep-alive 70s
  # Like a load balancer of AWS it does not repeat what has been sent; what was never connected is sent elsewhere.
  option redispatch
  retries 3
frontend plaza
  bind 127.0.0.1:8080
  default_backend plaza
backend plaza
  balance leastconn
  option httpchk GET /ready
  timeout check 5s
  default-server check inter 1s fall 2 rise 1
HAPROXY
  for at in 1 2 3; do echo "  server instance$at 127.0.0.1:310$at"; done
}

instances=()
start_instance() { # NUMBER FOLDER: comes back when it is ready
  (
    cd "$2" || exit
    exec ip netns exec "$namespace" env -i NODE_ENV=production "${variables[@]}" PORT="310$1" ADMIN_PORT="320$1" \
      bin/node dist/main.js
  ) >>"$work/instance$1.log" 2>&1 &
  instances[$1]=$!
  pids+=($!)
  until_true 30 inside curl -fs "http://127.0.0.1:310$1/ready" || { tail -5 "$work/instance$1.log"; fail "instance $1 is not ready"; }
}

# The same code under another version, so that it can be told who answers.
cp -al "$work/release" "$work/next"
rm "$work/next/package.json"
jq '.version = "99.0.0"' "$work/release/package.json" >"$work/next/package.json"

for at in 1 2 3; do start_instance "$at" "$work/release"; done
haproxy_config >"$work/haproxy.cfg"
haproxy -c -q -f "$work/haproxy.cfg"
ip netns exec "$namespace" haproxy -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 &
pids+=($!)
until_true 20 inside curl -fs http://127.0.0.1:8080/ready || { cat "$work/haproxy.log"; fail 'haproxy does not serve'; }

start_load http://127.0.0.1:8080
for at in 1 2 3; do
  kill -TERM "${instances[$at]}"
  wait "${instances[$at]}" || fail "instance $at did not stop in order"
  start_instance "$at" "$work/next"
  # As the instance refresh does: the next one goes when the balancer has seen this one.
  sleep 1
done
for at in 1 2 3; do
  inside curl -fs "http://127.0.0.1:310$at/health" | grep -q '"version":"99.0.0"' || fail "instance $at is still the old one"
done
end_load 'three instances rolled under a hundred clients'

start_load http://127.0.0.1:8080 "$work/killed"
sleep 3
kill -KILL "${instances[2]}"
wait "${instances[2]}" 2>/dev/null || true
date +%s%3N >"$work/killed"
sleep 3
end_load 'one of three killed with -9, only what it was answering failed'

for at in 1 3; do
  kill -TERM "${instances[$at]}"
  wait "${instances[$at]}" || fail "instance $at did not stop in order"
done
