# shellcheck shell=bash
# Starts the cloud, unpacks the release and makes its tables, as an operator does before the first instance; sourced.
# shellcheck disable=SC2154

start_cloud 127.0.0.1
mkdir "$work/release"
tar -xf "$release" -C "$work/release" --strip-components=1
mapfile -t variables < <(jq -r 'to_entries[] | "\(.key)=\(.value)"' "$work/cloud/environment.json")
run_release() { # ARGUMENTS…: of the release's node, as the service would run, with credentials from the metadata service
  (cd "$work/release" && inside env -i NODE_ENV=production "${variables[@]}" bin/node "$@")
}
run_release dist/create-tables.js >/dev/null
step 'the cloud is there, and the tables'
