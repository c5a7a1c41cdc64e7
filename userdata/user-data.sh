#!/bin/bash
# What an instance does at its first boot (cloud-init runs it once, as root). Everything is installed in the image.
#
# It is the same for every deployment, byte for byte; what differs is read from the instance's own tags, which the
# launch template must make visible (InstanceMetadataTags: enabled; IMDSv2 will do):
#
#   plaza:parameters          path of the service's variables in SSM Parameter Store, such as /plaza/production: a
#                             parameter a variable, /plaza/production/JWT_SECRET say, secrets as SecureString
#   plaza:launch-hook         name of the auto-scaling group's launch hook; unset: none is completed
#   aws:autoscaling:groupName set by the auto-scaling group itself
#
# The instance's role needs ssm:GetParametersByPath on the path (kms:Decrypt with a key of your own) and
# autoscaling:CompleteLifecycleAction on the group. The hook should wait longer than the 300 s allowed for here.
# Registration with the target group is the auto-scaling group's, once the hook is completed.
set -Eeuo pipefail
environment=/etc/plaza/environment
metadata=http://169.254.169.254/latest

token=$(curl -fsS --retry 5 --retry-connrefused -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' "$metadata/api/token")
ask() { curl -fsS --retry 5 --retry-connrefused -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"; }
tag() { ask "tags/instance/$1" 2>/dev/null || true; }

instance=$(ask instance-id)
AWS_DEFAULT_REGION=$(ask placement/region)
export AWS_DEFAULT_REGION AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=8
group=$(tag aws:autoscaling:groupName)
hook=$(tag plaza:launch-hook)

finish() { # CONTINUE or ABANDON: tells the auto-scaling group, where there is one that asked
  [ -n "$group" ] && [ -n "$hook" ] || return 0
  aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$group" --lifecycle-hook-name "$hook" \
    --instance-id "$instance" --lifecycle-action-result "$1"
}
# Whatever goes wrong from here on: the group replaces this instance now, not when the hook runs out.
trap 'echo "plaza: the launch is abandoned" >&2; finish ABANDON' ERR

parameters=$(tag plaza:parameters)
[ -n "$parameters" ] || { echo 'plaza: the instance has no tag plaza:parameters' >&2; false; }

# systemd reads it before it drops its rights: nobody but root may. Its double quotes know the escapes of JSON for
# quotes and backslashes, and no others: a value with control characters is refused.
umask 077
mkdir -p "${environment%/*}"
aws ssm get-parameters-by-path --path "$parameters" --with-decryption --output json | jq -r --arg region "$AWS_DEFAULT_REGION" '
  if .Parameters == [] then error("there are no parameters under the path") else . end
  | { AWS_REGION: $region } + ([.Parameters[] | { (.Name | split("/") | last): .Value }] | add)
  | to_entries[]
  | if .value | test("[[:cntrl:]]") then error("\(.key) has a control character") else . end
  | "\(.key)=\(.value | @json)"' >"$environment.new"
mv "$environment.new" "$environment"

# Not waited for: should the database be away for a moment, systemd tries again and again.
systemctl start --no-block plaza.service
plaza-await /ready 240
finish CONTINUE
echo "plaza: $instance serves"
