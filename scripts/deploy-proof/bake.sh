# shellcheck shell=bash
# Bakes an image out of a bare root file system, with ami/build.pkr.hcl; sourced.
# shellcheck disable=SC2154

bare_debian debian-12
# In memory: dpkg waits for the disk after each file.
mkdir "$work/image"
mount -t tmpfs -o size=3G,mode=755 tmpfs "$work/image"
tar -xf "$debian" -C "$work/image"
step 'a bare root file system'
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
install -D -m 600 "$work/key.pub" "$work/image/root/.ssh/authorized_keys"
# As a cloud image waits for its data source: none is here, and Packer comes in with the key above.
install -D /dev/stdin "$work/image/var/lib/cloud/seed/nocloud/meta-data" <<<'instance-id: bake'
install -D /dev/stdin "$work/image/var/lib/cloud/seed/nocloud/user-data" <<<'#cloud-config'
boot "$work/image"
until_true 60 settled || fail 'the bare machine did not settle'
packer_folder source.null.proof <<HCL
source "null" "proof" {
  ssh_host             = "127.0.0.1"
  ssh_username         = "root"
  ssh_private_key_file = "$work/key"
}
HCL
packer_variables=(-var release="$release" -var version=proof)
(cd "$work/ami" && packer validate "${packer_variables[@]}" . && inside packer build -color=false "${packer_variables[@]}" .) >"$work/packer.log" 2>&1 ||
  { cat "$work/packer.log"; fail 'packer'; }
power_off
step 'baked with Packer'
