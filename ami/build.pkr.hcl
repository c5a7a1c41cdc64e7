# What is done to the machine, whatever it is. `npm run prove:deploy` runs this file with Packer's null builder,
# `npm run prove:ami` with its qemu builder: only the line `sources` is another one there.

build {
  sources = ["source.amazon-ebs.al2023", "source.amazon-ebs.debian12"]

  # cloud-init may still be installing things, and holds the package manager's lock then.
  provisioner "shell" {
    inline = ["cloud-init status --wait >/dev/null || true", "mkdir -p /tmp/plaza-ami"]
  }

  provisioner "file" {
    source      = "${path.root}/"
    destination = "/tmp/plaza-ami"
  }

  provisioner "file" {
    source      = var.release
    destination = "/tmp/plaza-release.tar.gz"
  }

  provisioner "shell" {
    inline = [
      "sudo env CLOUDWATCH_AGENT_URL='${var.cloudwatch_agent_url}' CLOUDWATCH_AGENT_SHA256='${var.cloudwatch_agent_sha256}' bash /tmp/plaza-ami/install.sh /tmp/plaza-release.tar.gz",
      "sudo bash /tmp/plaza-ami/clean.sh",
    ]
  }

  post-processor "manifest" {
    output     = "manifest.json"
    strip_path = true
  }
}
