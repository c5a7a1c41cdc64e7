# shellcheck shell=bash
# The one door to the two package managers. Sourced; `need COMMAND DEBIAN_PACKAGE AMAZON_PACKAGE` installs what is
# not there: Amazon Linux, say, has a curl of its own (curl-minimal) that refuses to stand beside another.

if command -v dnf >/dev/null; then
  family=amazon
  refresh_packages() { dnf -q makecache; }
  install_package() { dnf -q -y install "$1"; }
  clean_packages() { dnf -q clean all; }
else
  family=debian
  refresh_packages() { apt-get -qq update; }
  install_package() { DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$1" >/dev/null; }
  clean_packages() { apt-get clean && rm -rf /var/lib/apt/lists/*; }
fi

need() {
  local command=$1 package=$2
  [ "$family" = debian ] || package=$3
  command -v "$command" >/dev/null || install_package "$package"
}
