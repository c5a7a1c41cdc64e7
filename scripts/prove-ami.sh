#!/usr/bin/env bash
# Bakes a disk image with Packer's qemu builder and boots it as EC2 would, without AWS: `npm run prove:ami [-- TARBALL]`,
# as root on Debian 12. Everything is emulated, so it takes up to a quarter of an hour.
#
# Beyond `npm run prove:deploy`: a kernel and a bootloader's handing over, a network card, cloud-init's EC2 data source
# with IMDSv2, and a disk that is a file system of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin" CHECKPOINT_DISABLE=1
. scripts/deploy-proof/lib.sh
require packer mmdebstrap qemu-system-x86_64 qemu-img mkfs.ext4 curl jq openssl ip findmnt redis-server memcached
begin

if [ $# -gt 0 ]; then
  release=$(realpath "$1")
else
  read -r _ tarball _ < <(scripts/package.sh x64)
  release=$PWD/release/$tarball
fi
step "the release: ${release##*/}"

# The bare disk. It knows the stand-ins already: what is baked is not touched before it boots.
bare_debian debian-12-kernel linux-image-cloud-amd64,initramfs-tools
mkdir "$work/bare"
tar -xf "$debian" -C "$work/bare"
make_certificates
introduce_cloud "$work/bare" 169.254.0.2
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
install -D -m 600 "$work/key.pub" "$work/bare/root/.ssh/authorized_keys"
install -D /dev/stdin "$work/bare/var/lib/cloud/seed/nocloud/meta-data" <<<'instance-id: bake'
install -D /dev/stdin "$work/bare/var/lib/cloud/seed/nocloud/user-data" <<<'#cloud-config'
cp "$work"/bare/boot/vmlinuz-* "$work/vmlinuz"
cp "$work"/bare/boot/initrd.img-* "$work/initrd"
truncate -s 4G "$work/bare.img"
mkfs.ext4 -q -d "$work/bare" "$work/bare.img"
rm -rf "$work/bare"
step 'a bare disk'

packer_folder source.qemu.proof <<HCL
source "qemu" "proof" {
  iso_url              = "$work/bare.img"
  iso_checksum         = "none"
  disk_image           = true
  use_backing_file     = false
  skip_compaction      = true
  format               = "qcow2"
  accelerator          = "tcg"
  headless             = true
  disable_vnc          = true
  boot_wait            = "1s"
  memory               = 1024
  cpus                 = 2
  output_directory     = "$work/baked"
  vm_name              = "plaza.qcow2"
  ssh_username         = "root"
  ssh_private_key_file = "$work/key"
  ssh_timeout          = "8m"
  shutdown_command     = "systemctl poweroff"
  shutdown_timeout     = "3m"
  qemuargs = [
    ["-cpu", "max"],
    ["-display", "none"],
    ["-kernel", "$work/vmlinuz"],
    ["-initrd", "$work/initrd"],
    ["-append", "root=/dev/vda rw console=ttyS0 quiet"],
    ["-device", "virtio-net-pci,netdev=user.0"],
    ["-device", "virtio-rng-pci"],
    ["-serial", "file:$work/bake.console"],
  ]
}
HCL
packer_variables=(-var release="$release" -var version=proof)
(cd "$work/ami" && packer validate "${packer_variables[@]}" . && PACKER_CACHE_DIR=$work/packer inside packer build -color=false "${packer_variables[@]}" .) \
  >"$work/packer.log" 2>&1 || { tail -5 "$work/bake.console"; cat "$work/packer.log"; fail 'packer'; }
rm -rf "$work/bare.img" "$work/packer"
step 'baked with Packer'

# Boots as on EC2: the metadata service where it is there, the machine's make told by SMBIOS.
cp userdata/user-data.sh "$work/cloud/user-data"
start_cloud 169.254.0.2
mkdir "$work/release"
tar -xf "$release" -C "$work/release" --strip-components=1
mapfile -t variables < <(jq -r 'to_entries[] | "\(.key)=\(.value)"' "$work/cloud/environment.json")
(cd "$work/release" && inside env -i NODE_ENV=production "${variables[@]}" bin/node dist/create-tables.js >/dev/null)
cat >"$work/join" <<JOIN
#!$(command -v node)
const socket = require('node:net').connect(80, '169.254.169.254')
process.stdin.pipe(socket).pipe(process.stdout)
JOIN
chmod +x "$work/join"
uuid=ec2$(openssl rand -hex 16 | sed 's/^...\(.\{5\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{12\}\).*/\1-\2-\3-\4-\5/')
network=user,id=n0,net=169.254.0.0/16,host=169.254.0.2,dns=169.254.0.3,dhcpstart=169.254.0.15
ip netns exec "$namespace" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nodefaults -display none \
  -no-reboot -kernel "$work/vmlinuz" -initrd "$work/initrd" -append 'root=/dev/vda rw console=ttyS0 quiet' \
  -drive "if=virtio,file=$work/baked/plaza.qcow2,format=qcow2,cache=unsafe" -device virtio-rng-pci \
  -netdev "$network,hostfwd=tcp:127.0.0.1:13000-:3000,guestfwd=tcp:169.254.169.254:80-cmd:$work/join" \
  -device virtio-net-pci,netdev=n0 -smbios "type=1,manufacturer=Amazon EC2,uuid=$uuid,serial=$uuid" \
  -serial "file:$work/console" &
pids+=($!)
until_true 400 inside curl -fs --max-time 5 http://127.0.0.1:13000/ready || { tail -20 "$work/console"; sort "$work/cloud/asked" | uniq -c; fail 'never ready'; }
step 'the image boots, and is ready with the real user-data'
until_true 120 grep -qs '"LifecycleActionResult":"CONTINUE"' "$work/cloud/told" || fail 'the launch hook was not completed'
grep -q '^200 .*/user-data$' "$work/cloud/asked" || fail 'cloud-init did not ask the metadata service for the user-data'
grep -q '^401' "$work/cloud/asked" && step 'somebody asked the metadata service without a token, and was refused'

# A story through it.
start_load http://127.0.0.1:13000
end_load 'it serves'
