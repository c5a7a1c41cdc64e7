#!/bin/bash
# Makes a bare Debian 12 or Amazon Linux 2023 into a Plaza host, as root: install.sh RELEASE.tar.gz
# Can be run again with another release: it is put beside the old one, and `current` leads to it.
#
# CLOUDWATCH_AGENT_URL and CLOUDWATCH_AGENT_SHA256 name a .deb of the CloudWatch agent for Debian, which does not have
# it; without them there is none. Amazon Linux has it.
set -euo pipefail
umask 022
release=$1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=ami/packages.sh
. "$here/packages.sh"

install_packages() {
  refresh_packages
  need curl curl curl-minimal
  need jq jq jq
  need ss iproute2 iproute
  need crontab cron cronie
  need logrotate logrotate logrotate
  need chronyd chrony chrony
  need aws awscli awscli-2
}

install_cloudwatch_agent() {
  local agent=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl deb
  if [ "$family" = amazon ]; then
    need "$agent" - amazon-cloudwatch-agent
  elif [ -n "${CLOUDWATCH_AGENT_URL:-}" ]; then
    deb=$(mktemp --suffix=.deb)
    curl -fsS -o "$deb" "$CLOUDWATCH_AGENT_URL"
    echo "$CLOUDWATCH_AGENT_SHA256  $deb" | sha256sum --check --quiet
    dpkg -i "$deb" >/dev/null
    rm "$deb"
  else
    echo 'no CloudWatch agent: CLOUDWATCH_AGENT_URL is not set'
    return
  fi
  "$agent" -a fetch-config -m ec2 -c "file:${agent%/bin/*}/etc/amazon-cloudwatch-agent.json"
  systemctl enable amazon-cloudwatch-agent.service
}

install_files() { # those that lie in root/, where they lie there
  local file mode
  (cd "$here/root" && find . -type f -printf '%P\n') | while read -r file; do
    [ "$family/${file%%/sources.d/*}" != amazon/etc/chrony ] || continue
    case $file in usr/local/bin/*) mode=755 ;; *) mode=644 ;; esac
    install -D -o root -g root -m "$mode" "$here/root/$file" "/$file"
  done
  # Not the unit's LogsDirectory: systemd opens the log before it would make that.
  install -d -m 755 /etc/plaza /var/log/plaza
}

install_release() {
  local new version
  install -d -m 755 /opt/plaza /opt/plaza/releases
  new=$(mktemp -d /opt/plaza/releases/.new-XXXXXX)
  tar --extract --gzip --file "$release" --directory "$new" --strip-components=1 --no-same-owner
  (cd "$new" && sha256sum --check --quiet SHA256SUMS)
  "$new/bin/node" --version >/dev/null
  version=$(sed -n 's/^release=//p' "$new/VERSION")
  chmod 755 "$new"
  rm -rf "/opt/plaza/releases/${version:?}"
  mv -T "$new" "/opt/plaza/releases/$version"
  # In one step: there is no moment without a release.
  ln -s "releases/$version" /opt/plaza/.current
  mv -T /opt/plaza/.current /opt/plaza/current
  echo "installed release $version"
}

install_packages
id plaza >/dev/null 2>&1 ||
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin plaza
install_release
install_files
install_cloudwatch_agent
if [ "$family" = debian ]; then services='chrony cron'; else services='chronyd crond'; fi
# shellcheck disable=SC2086
systemctl enable --quiet plaza.service plaza-log.service $services
# Not before the next boot: this machine is an image.
systemctl daemon-reload
