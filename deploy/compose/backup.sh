#!/bin/sh
# Dumps the database, and puts the closed keys beside it: a dump without ENCRYPTION_KEY opens no connection.
# A folder that has its name is whole: it gets it last. `ONCE=1` makes one and ends.
set -eu
umask 077

dump() {
  now=$(date -u +%Y-%m-%dT%H%M%SZ)
  new=/backups/.unfinished
  rm -rf "$new"
  mkdir "$new"
  PGPASSWORD=$(cat /run/secrets/POSTGRES_PASSWORD) pg_dump --format=custom --file="$new/database.dump"
  pg_restore --list "$new/database.dump" >/dev/null # it can be read
  cp /run/secrets/keys.escrow "$new/"
  (cd "$new" && sha256sum database.dump keys.escrow >SHA256SUMS)
  mv "$new" "/backups/$now"
  echo "backup: $now"
  # only after a new one is there
  find /backups -mindepth 1 -maxdepth 1 -name '20*' -mtime "+${KEEP_DAYS:-14}" -exec rm -rf {} +
}

while :; do
  dump || echo 'backup: it failed; the health check turns after a day and a half' >&2
  [ -z "${ONCE:-}" ] || exit 0
  sleep "${EVERY:-86400}" &
  wait $!
done
