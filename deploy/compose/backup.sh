#!/bin/sh
# Dumps the database, and puts the closed keys beside it: a dump without ENCRYPTION_KEY opens no connection.
# A folder that has its name is whole: it gets it last. `ONCE=1` makes one and ends, with 1 where it failed.
set -eu
umask 077
to=${TO:-/backups}
secrets=${SECRETS:-/run/secrets}

# each step only after the one before: `set -e` counts for nothing in a function that is asked whether it failed
dump() {
  now=$(date -u +%Y-%m-%dT%H%M%SZ)
  new=$to/.unfinished
  rm -rf "$new" &&
    mkdir "$new" &&
    PGPASSWORD=$(cat "$secrets/POSTGRES_PASSWORD") pg_dump --format=custom --file="$new/database.dump" &&
    pg_restore --list "$new/database.dump" >/dev/null && # it can be read
    cp "$secrets/keys.escrow" "$new/" &&
    (cd "$new" && sha256sum database.dump keys.escrow >SHA256SUMS) &&
    mv "$new" "$to/$now" &&
    echo "backup: $now" &&
    find "$to" -mindepth 1 -maxdepth 1 -name '20*' -mtime "+${KEEP_DAYS:-14}" -exec rm -rf {} +
}

while :; do
  failed=0
  dump || failed=1
  [ "$failed" = 0 ] || echo 'backup: it failed; the health check turns after a day and a half' >&2
  [ -z "${ONCE:-}" ] || exit "$failed"
  sleep "${EVERY:-86400}" &
  wait $!
done
