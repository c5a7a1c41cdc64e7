#!/bin/bash
# A real S3 server of somebody else's for the tests: OpenStack Swift with s3api.
#
#   start-swift.sh FOLDER    runs in the foreground, with all its state in FOLDER, and prints one line of JSON
#                            with its endpoint when it listens; ends with SIGTERM, or with whoever started it
#
# It needs Debian's packages below for their libraries; exit code 3 tells that they are missing. Swift itself is
# that of a newer release, whose s3api knows checksums: it is downloaded once, unpacked and not installed.
set -euo pipefail
packages='python3-swift memcached libisal2'
# shellcheck disable=SC2086
if ! dpkg-query -W $packages >/dev/null 2>&1; then
  echo "apt-get install --no-install-recommends $packages" >&2
  exit 3
fi

folder=$(realpath -m "$1")
cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/plaza/swift
if [ ! -d "$cache/usr" ]; then
  mkdir -p "$(dirname "$cache")"
  new=$(mktemp -d "$cache.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  mkdir -p "$new/lists/partial"
  # The mirror that this machine uses already.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$new/sources"
  apt=(apt-get -qq -o Dir::State::Lists="$new/lists" -o Dir::Cache="$new/cache" -o Dir::Etc::SourceList="$new/sources"
    -o Dir::Etc::SourceParts=- -o APT::Sandbox::User="$(id -un)")
  (cd "$new" && "${apt[@]}" update && "${apt[@]}" download python3-swift && dpkg-deb -x python3-swift_*.deb .) >&2
  rm -rf "$new/lists" "$new/cache" "$new"/*.deb
  # Another test may have been quicker; one of them is as good as the other.
  mv -T "$new" "$cache" 2>/dev/null || [ -d "$cache/usr" ]
fi

mkdir -p "$folder/data/d1"
exec env PYTHONPATH="$cache/usr/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1 \
  /usr/bin/python3 - "$folder" <<'PY'
import ctypes, json, os, pwd, signal, socket, sys, time

folder = sys.argv[1]
kinds = ['proxy', 'account', 'container', 'object']

def free_ports(count):
    held = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports

ports = dict(zip(kinds + ['memcached'], free_ports(5)))
user = pwd.getpwuid(os.getuid()).pw_name
filters = 'catch_errors gatekeeper healthcheck memcache s3api tempauth bulk copy slo dlo versioned_writes symlink'
options = {
    'memcache': 'memcache_servers = 127.0.0.1:%d' % ports['memcached'],
    'tempauth': 'user_test_tester = testing .admin',
    # Small pages, so that short lists have several.
    's3api': 'location = us-east-1\nmax_parts_listing = 2\nmax_bucket_listing = 7',
    'versioned_writes': 'allow_object_versioning = true',
}

def write(name, text):
    with open(os.path.join(folder, name), 'w') as f:
        f.write(text)

write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = x\n')
for kind in kinds:
    text = f'''[DEFAULT]
user = {user}
bind_ip = 127.0.0.1
bind_port = {ports[kind]}
workers = 0
swift_dir = {folder}
devices = {folder}/data
mount_check = false
disable_fallocate = true
log_level = WARNING
[pipeline:main]
'''
    if kind == 'proxy':
        text += f'pipeline = {filters} proxy-server\n[app:proxy-server]\nuse = egg:swift#proxy\n'
        text += 'account_autocreate = true\nnode_timeout = 60\nconn_timeout = 5\nerror_suppression_limit = 1000000\n'
        for f in filters.split():
            text += f'[filter:{f}]\nuse = egg:swift#{f}\n{options.get(f, "")}\n'
    else:
        text += f'pipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n'
        text += 'container_update_timeout = 30\nnode_timeout = 30\nconn_timeout = 5\n'
    write(f'{kind}.conf', text)

from swift.common import utils, wsgi
from swift.common.ring import RingBuilder
utils.SWIFT_CONF_FILE = os.path.join(folder, 'swift.conf')
for kind in kinds[1:]:
    builder = RingBuilder(2, 1, 0)  # 4 partitions, 1 replica
    builder.add_dev(dict(region=1, zone=1, ip='127.0.0.1', port=ports[kind], device='d1', weight=1))
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, f'{kind}.ring.gz'))

libc = ctypes.CDLL(None)
parent = os.getpid()
pids = {}

def child(name, run):
    pid = os.fork()
    if pid:
        pids[pid] = name
        return
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it dies with its parent, however that ends
    if os.getppid() != parent:
        os._exit(1)
    run()
    os._exit(1)

def stop(*_):
    for pid in list(pids):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    sys.exit(0)

def answers(port):
    try:
        socket.create_connection(('127.0.0.1', port), 1).close()
        return True
    except OSError:
        return False

child('memcached', lambda: os.execvp('memcached', [
    'memcached', '-u', user, '-l', '127.0.0.1', '-p', str(ports['memcached'])]))
for kind in kinds:
    child(kind, lambda: wsgi.run_wsgi(f'{folder}/{kind}.conf', f'{kind}-server', verbose=True))
signal.signal(signal.SIGTERM, stop)

waiting = list(ports.values())
while waiting:
    pid, _ = os.waitpid(-1, os.WNOHANG)
    if pid:
        print('swift: its', pids.pop(pid), 'ended', file=sys.stderr)
        stop()
    waiting = [port for port in waiting if not answers(port)]
    time.sleep(0.05)
print(json.dumps({'endpoint': 'http://127.0.0.1:%d' % ports['proxy']}), flush=True)
pid, _ = os.wait()
print('swift: its', pids.pop(pid), 'ended', file=sys.stderr)
stop()
PY
