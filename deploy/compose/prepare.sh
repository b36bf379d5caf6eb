#!/bin/sh
# Once, before the first start: secrets, their owners, and the digests of the images. Says what it leaves to you.
#   ./prepare.sh hwpub_…      the public half of a key whose private half is on another machine (`hookwarden keygen`)
# Nothing that is there is made again.
set -eu
cd "$(dirname "$0")"
escrow=${1:?the public half of your escrow key, hwpub_…: run hookwarden keygen on a machine that is no server}
group=65000
hookwarden=${HOOKWARDEN:-docker run --rm --network none --user 0:0 --volume $PWD:/work --workdir /work hookwarden:0.1.0}

umask 027
if [ ! -d secrets ]; then
  $hookwarden keys generate --out secrets --format files
fi
for name in POSTGRES_PASSWORD REDIS_PASSWORD; do
  [ -e "secrets/$name" ] || head -c 36 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"secrets/$name"
done
if [ ! -e secrets/keys.escrow ]; then
  $hookwarden keys escrow --to "$escrow" --out secrets/keys.escrow \
    --encryption-key file:secrets/ENCRYPTION_KEY --webhook-secret-key file:secrets/WEBHOOK_SECRET_KEY \
    --app-secret-key file:secrets/APP_SECRET_KEY
fi
chown -R "0:$group" secrets
chmod 750 secrets
find secrets -type f -exec chmod 640 {} +
mkdir -p backups
chown 999:999 backups
chmod 700 backups

if [ -z "${NO_DIGESTS:-}" ]; then
  zeros=0000000000000000000000000000000000000000000000000000000000000000
  for image in $(sed -n "s/^ *image: \(.*\)@sha256:$zeros$/\1/p" compose.yaml | sort -u); do
    case $image in
      hookwarden:*) # no registry has what was built or loaded here; an image store of the old kind gives it no digest
        digests=$(docker image inspect --format '{{join .RepoDigests "\n"}}' "$image")
        digest=$(echo "$digests" | sed -n 's/^hookwarden@//p' | head -n 1)
        ;;
      *) digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image") ;;
    esac
    sed -i "s|image: $image@sha256:$zeros|image: $image${digest:+@$digest}|" compose.yaml
    echo "$image is ${digest:-without a digest in this image store: push it to a registry of yours to pin it}"
  done
fi

for name in tls.crt tls.key; do
  [ -e "secrets/$name" ] || echo "left to you: secrets/$name, the certificate of your webhooks' public name (chmod 640, group $group)"
done
[ -e .env ] || echo 'left to you: .env with HOOKS_HOST=hooks.example.com'
echo 'left to you: hookwarden.yaml, your providers and flows'
