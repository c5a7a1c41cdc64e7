# What the image is made from. What is done to it stands in build.pkr.hcl.
#
#   npm run package && cd ami && packer init . &&
#     packer build -var release=../release/plaza-VERSION-linux-x64.tar.gz -var version=VERSION -only='*.debian12' .

variable "release" {
  type        = string
  description = "The tarball that `npm run package` made, for the platform of `architecture`."
}

variable "version" {
  type        = string
  description = "Its version, for the image's name and tags."
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "x86_64 or arm64."
}

variable "instance_type" {
  type        = string
  default     = "t3.medium"
  description = "Of the machine that bakes; t4g.medium for arm64."
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "cloudwatch_agent_url" {
  type        = string
  default     = ""
  description = "A .deb of the CloudWatch agent for Debian, which has none of its own; empty: no agent there."
}

variable "cloudwatch_agent_sha256" {
  type    = string
  default = ""
}

locals {
  debian_architecture = var.architecture == "x86_64" ? "amd64" : "arm64"
  tags = {
    Name         = "plaza-${var.version}"
    Project      = "plaza"
    Version      = var.version
    Architecture = var.architecture
    BaseImage    = "{{ .SourceAMIName }}"
  }
}

source "amazon-ebs" "al2023" {
  ami_name      = "plaza-${var.version}-al2023-${var.architecture}-{{timestamp}}"
  instance_type = var.instance_type
  region        = var.region
  ssh_username  = "ec2-user"
  tags          = local.tags
  run_tags      = { Name = "plaza-bake", Project = "plaza" }

  source_ami_filter {
    owners      = ["amazon"]
    most_recent = true
    filters = {
      name                = "al2023-ami-2023.*-kernel-*-${var.architecture}"
      virtualization-type = "hvm"
      root-device-type    = "ebs"
    }
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    volume_size           = 10
    iops                  = 3000
    throughput            = 125
    encrypted             = true
    delete_on_termination = true
  }

  # The image asks for IMDSv2 of whatever is started from it, and the machine that bakes is no exception.
  imds_support = "v2.0"
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

source "amazon-ebs" "debian12" {
  ami_name      = "plaza-${var.version}-debian12-${var.architecture}-{{timestamp}}"
  instance_type = var.instance_type
  region        = var.region
  ssh_username  = "admin"
  tags          = local.tags
  run_tags      = { Name = "plaza-bake", Project = "plaza" }

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters = {
      name                = "debian-12-${local.debian_architecture}-*"
      virtualization-type = "hvm"
      root-device-type    = "ebs"
    }
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    volume_size           = 10
    iops                  = 3000
    throughput            = 125
    encrypted             = true
    delete_on_termination = true
  }

  imds_support = "v2.0"
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}
