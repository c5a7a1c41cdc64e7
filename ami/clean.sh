#!/bin/bash
# The last step before the image is taken, as root: leaves nothing that belongs to this one machine, and no secret.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=ami/packages.sh
. "$here/packages.sh"

if [ -e /etc/plaza/environment ]; then
  echo 'an environment with secrets would become part of the image: /etc/plaza/environment' >&2
  exit 1
fi
clean_packages
# Or the next machine would take itself for this one, and not run its user-data.
cloud-init clean --logs --seed
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id /var/lib/systemd/random-seed
# The keys that this machine was reached with, those that it made, and what was typed.
rm -f /etc/ssh/ssh_host_* /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys /root/.*_history /home/*/.*_history
rm -rf /var/log/journal/* /run/log/journal/* /var/tmp/* /root/.cache
find /var/log -type f -delete
rm -rf "$here" /tmp/plaza-release.tar.gz
sync
