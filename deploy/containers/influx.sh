#!/bin/sh
# influxd, and at its first start the user that everything is done by: whoever is made first may do everything.
set -eu
config=${1:-/etc/ats/influx.conf}
secrets=${2:-/run/secrets/ats}
port=${3:-8086}
influxd run -config "$config" &
server=$!
trap 'kill "$server"; wait "$server"; exit 0' TERM INT
# Its certificate is of the name others call it by; this call does not leave the container.
command() { influx -host 127.0.0.1 -port "$port" -ssl -unsafeSsl "$@"; }
until command -execute 'SHOW DATABASES' 2>&1 | grep -qE 'create admin user|authoriz|credentials'; do
  kill -0 "$server" || exit 1
  sleep 0.5
done
if command -execute 'SHOW DATABASES' 2>&1 | grep -q 'create admin user'; then
  # From standard input, so that no list of processes shows it.
  printf "CREATE USER ats WITH PASSWORD '%s' WITH ALL PRIVILEGES\n" "$(cat "$secrets/influx.password")" | command >/dev/null
fi
wait "$server"
