/** What the reference page says beside the keys. */
export const GUIDE = `# The provider map

One YAML file says who may send, how each sender proves itself, and where a delivery goes. \`hookwarden check\` reports
everything that is wrong with it at once, with file, line, column and the fix; \`hookwarden check --effective\` shows every
provider with all defaults filled in. Start from \`config/hookwarden.example.yaml\`.

This page and \`config/hookwarden.schema.json\` (completion and checks in an editor) are made from the schema in
\`src/config/\` by \`npm run docs\`. Let an editor find the schema by the map's first line:

\`\`\`yaml
# yaml-language-server: $schema=./hookwarden.schema.json
\`\`\`

An unknown key is an error, never ignored. YAML is version 1.2 with its core schema: \`off\` is a word, not a boolean.
Anchors and aliases work within bounds, tags and merge keys do not.

## Units

| what | written | notes |
|---|---|---|
| duration | \`250ms\` \`10s\` \`5m\` \`1h\` \`7d\` | always with its unit; deadlines are longer than nothing and at most \`24h\`, memories at most \`90d\` |
| size | \`512B\` \`256KiB\` \`1MiB\` \`1GiB\` | powers of two |
| rate | \`120/1m\` | see below |
| address block | \`203.0.113.0/24\` \`2001:db8::/32\` | a bare address is a block of one |

### Rates

\`N/T\` lets N go at once, then N per T, evenly: \`300/1s\` after a pause passes 300 deliveries immediately, and from then on one
every 3.3 ms. It is not a window that starts anew: nobody gets 2N by arriving at its edge. A longer time with the same
quotient allows longer bursts: \`6000/1m\` is \`100/1s\` on average and lets 6000 go at once.

\`limits.verified\` takes several rates, which all have to hold. \`[300/1s, 100000/1h]\` bounds both what Automatisch has to take
in within a second and how long the queue of its worker grows.

Rates of unproven deliveries refuse (429). Rates of proven ones make them wait their turn, up to \`patience\`; only then are
they refused.

## Secrets

The map holds references, never a secret. There is no interpolation.

| reference | bytes of the secret |
|---|---|
| \`env:NAME\` | the variable as it is, UTF-8; nothing is dropped |
| \`file:PATH\` | the file as it is, less exactly one trailing line end (\`\\n\` or \`\\r\\n\`), because editors add one |
| \`sealed:BASE64\` | what \`hookwarden seal\` was given: only the private half of a sealing key opens it ([sealed secrets](sealed-secrets.md)) |
| \`plain:TEXT\` | the text itself; only with \`--dev\` |

A relative path starts where Hookwarden is started. A secret that is unset, empty or shorter than 16 bytes does not stop
other providers: its provider answers 503 \`secret_unavailable\`, is shown as not ready, and \`check\` reports it.

### Rotation and \`until\`

List the new secret first and the old one with an end:

\`\`\`yaml
secrets:
  - file:/run/secrets/stripe_whsec
  - { secret: env:STRIPE_WHSEC_OLD, until: 2026-12-31 }
\`\`\`

The first is *current*, the others are *previous*; metrics tell which one proved a delivery, so that it shows when the old one
is no longer used. A day means through the end of that day in UTC. An instant is written with its zone:
\`2026-12-31T18:00:00Z\` or \`2026-12-31T18:00:00+01:00\`. At least one secret has to stay without an end.

## Public keys

A sender that signs with a private key needs no \`secret\`. Its \`public_key\` is no secret either: it stands in the map
itself, or in a file named by \`file:PATH\`.

\`\`\`yaml
public_key: file:/etc/hookwarden/paypal.pem
\`\`\`

PEM is a public key or a certificate, whose dates are not looked at. With \`key_format\` \`hex\`, \`base64\` or \`base64url\` it is a
raw Ed25519 key or DER. RSA keys have at least 2048 bits. \`jwks\` takes a set of keys as JSON, at most 16 of which fit the
scheme. A file that is missing, or a key in it that the scheme cannot verify with, makes its provider answer 503
\`secret_unavailable\`, and \`check\` reports it. \`docs/schemes.md\` says which values a scheme needs; one that it has no use for
is an issue.

## Paths and flows

\`flows:\` serves the URL that Automatisch itself registers at a sender, \`/webhooks/flows/<id>\`, and with \`sync: true\`
\`/webhooks/flows/<id>/sync\`. \`path:\` with \`to:\` serves a path of your choice. One provider may have both. A path is compared
byte by byte; other spellings are refused, never normalised. One flow, and one path, belongs to one provider.

## How values are found

For each provider: its own entry, else its preset, else \`defaults\`, else the default below. \`limits\` are merged key by key.
`
