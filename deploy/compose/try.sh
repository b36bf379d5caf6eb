#!/bin/sh
# Sees it refuse and accept: the same delivery with another body, and as it was signed. The genuine one runs the flow.
#   ./try.sh [PROVIDER]       the entry of the map that signs it (github)
set -eu
cd "$(dirname "$0")"
provider=${1:-github}
hookwarden="${COMPOSE:-docker compose} exec -T hookwarden /usr/local/bin/node /app/bin/hookwarden.js"
body='{"hookwarden":"try"}'

# a curl command that passes as genuine: it is run here, and shown to nobody
command=$(printf %s "$body" | $hookwarden sign "$provider" --config /etc/hookwarden/hookwarden.yaml \
  --body /dev/stdin --url "https://localhost:${PORT:-443}" --insecure)
answer() {
  printf %s "$1" | sh -c "$command --output /dev/null --write-out '%{http_code}'"
}

echo "forged:  $(answer "$body ")"
echo "genuine: $(answer "$body")"
