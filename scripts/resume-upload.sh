#!/usr/bin/env bash
# Uploads a file in parts, or goes on with an upload where it stopped: resume-upload.sh FILE [UPLOAD_ID]
# TOKEN holds the access token. With MOST_PARTS it stops after so many, like a line that breaks.
set -euo pipefail
file=$1 api=${API:-http://localhost:3000} auth="Authorization: Bearer $TOKEN"
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

if [ $# -gt 1 ]; then
  upload=$2
else
  upload=$(curl -fsS "$api/files/uploads" -H "$auth" -H 'Content-Type: application/json' -d "{
    \"file_name\": \"$(basename "$file")\", \"file_type\": \"application/octet-stream\",
    \"file_size\": $(wc -c <"$file"), \"checksum_sha256\": \"$(sha256sum <"$file" | cut -c 1-64)\"
  }" | sed 's/.*"upload_id":"\([^"]*\)".*/\1/')
fi
state=$(curl -fsS "$api/files/uploads/$upload" -H "$auth")
size=$(number part_size <<<"$state") count=$(number parts_count <<<"$state") sent=0

for part in $(seq "$count"); do
  if grep -q "\"part_number\":$part," <<<"$state"; then continue; fi
  if [ "$sent" = "${MOST_PARTS:-all}" ]; then echo "upload $upload: stopped before part $part of $count"; exit; fi
  dd if="$file" bs="$size" skip=$((part - 1)) count=1 status=none |
    curl -fsS -o /dev/null -X PUT "$api/files/uploads/$upload/parts/$part" -H "$auth" --data-binary @-
  sent=$((sent + 1))
done
curl -fsS -X POST "$api/files/uploads/$upload/complete" -H "$auth" -o /dev/null
echo "upload $upload: complete, $sent of $count parts sent this time"
