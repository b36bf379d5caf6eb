/** What becomes of a line that is run. */
export interface Run {
  /** A word of what it prints. */
  readonly says?: RegExp
  /** What it ends with; 0 unless given. */
  readonly ends?: number
  /** What is typed. */
  readonly typed?: string
  /** A file that it leaves, and a word in it. */
  readonly leaves?: readonly [file: string, holds: RegExp]
}

const FOUND = { ends: 1, says: /rules? found something/ } as const

/**
 * Lines of the pages that `test/long/commands.test.ts` runs as they stand, in this order, in a folder that has what their
 * pages say is there: each leaves what the next ones find. Words that name what is made there stand for it: `hwpub_…`, `sealed:…`,
 * `PID`, the folder of `state:`, and ports that are in use on some machine or other.
 */
export const RUN: Readonly<Record<string, Run>> = {
  'umask 077': {},
  'hookwarden keys generate --out keys.env --format env': {
    leaves: ['keys.env', /^ENCRYPTION_KEY=[\w-]{48}$/m],
  },
  'hookwarden keys generate --out keys --format files': {
    leaves: ['keys/WEBHOOK_SECRET_KEY', /^[\w-]{48}$/],
  },
  'hookwarden keys check --env-file keys.env': { says: /ENCRYPTION_KEY/ },
  'hookwarden keygen --out seal.key': { says: /hwpub_/, leaves: ['seal.key', /./] },
  'read -rs S && printf %s "$S" | hookwarden seal --to hwpub_…': {
    typed: 'whsec_of-32-characters-0123456789\n',
    says: /^sealed:[\w+/=-]+$/m,
  },
  'hookwarden keygen --out seal-2.key': { says: /hwpub_/, leaves: ['seal-2.key', /./] },
  "hookwarden seal --to hwpub_NEW --from 'sealed:AQ…'": { says: /^sealed:[\w+/=-]+$/m },
  'hookwarden keygen --out offline.key': { says: /hwpub_/, leaves: ['offline.key', /./] },
  'hookwarden keygen --out escrow.key': { says: /hwpub_/, leaves: ['escrow.key', /./] },
  'hookwarden keys escrow --env-file keys.env --to hwpub_… --out keys.escrow': {
    leaves: ['keys.escrow', /fingerprint/i],
  },
  'hookwarden keys escrow --to hwpub_… --out keys.escrow': {
    leaves: ['keys.escrow', /fingerprint/i],
  },
  'psql automatisch -f deploy/postgres-role.sql': { says: /CREATE ROLE[\s\S]*GRANT/ },
  "psql automatisch -c '\\password hookwarden'": { typed: 'of-this-page\nof-this-page\n' },
  'npm run hookwarden -- check --config hookwarden.yaml': {
    says: /2 providers, 2 routes, no issue/,
  },
  'npm run hookwarden -- check --config hookwarden.yaml --effective': { says: /per_address: 120/ },
  'hookwarden check --config hookwarden.yaml': { says: /2 providers, 2 routes, no issue/ },
  'hookwarden check --config hookwarden.yaml --effective > new.txt': {
    leaves: ['new.txt', /per_address: 120/],
  },
  'hookwarden check --effective': { says: /per_address: 120/ },
  'hookwarden verify stripe --request delivery.http': { says: /accepted/ },
  'hookwarden discover --database env:HOOKWARDEN_DATABASE_URL': { ends: 1, says: /nobody/ },
  'hookwarden discover --config hookwarden.yaml': { ends: 1, says: /typeform .* nobody/ },
  'hookwarden discover --database env:HOOKWARDEN_DATABASE_URL --config hookwarden.yaml': {
    ends: 1,
    says: /github .* github\n/,
  },
  'hookwarden keys pin --state /var/lib/hookwarden': { says: /ENCRYPTION_KEY .*pinned today/ },
  'hookwarden keys pin --config hookwarden.yaml --env-file keys.env': {
    says: /ENCRYPTION_KEY .*the same as on/,
  },
  'hookwarden keys pin --again': { says: /ENCRYPTION_KEY/ },
  'hookwarden doctor --database env:HOOKWARDEN_DATABASE_URL': { says: /nothing found/ },
  'hookwarden doctor --compose docker-compose.yml --latest 0.15.0': {
    ends: 1,
    says: /(?:1[3-9]|[2-9]\d) rules found something/,
  },
  'hookwarden doctor --config hookwarden.yaml --compose docker-compose.yml --env-file keys.env --latest 0.15.0':
    FOUND,
  'hookwarden doctor --config hookwarden.yaml --compose docker-compose.yml --env-file keys.env --automatisch http://127.0.0.1:3000 --try-login --database env:HOOKWARDEN_DATABASE_URL --latest 0.15.0':
    FOUND,
  'npm run hookwarden -- run --config hookwarden.yaml': { says: /"msg":"ready"/ },
  'hookwarden rehearse deliveries --record push.http --record paid.http --to https://127.0.0.1:9443 --ca staging.pem':
    { leaves: ['deliveries/paid.answer', /^HTTP\/1\.1 204/] },
  'hookwarden check --config hookwarden.yaml && kill -HUP PID': {},
  'cd backups/2026-11-26T030000Z': {},
  'sha256sum --check SHA256SUMS': { says: /database\.dump: OK/ },
  'hookwarden keys escrow --open keys.escrow --key file:escrow.key --out keys': {
    leaves: ['keys/ENCRYPTION_KEY', /^[\w-]{48}$/],
  },
  'createdb restored': {},
  'pg_restore --dbname=restored --no-owner database.dump': {},
  'DB=postgres://localhost/restored hookwarden keys prove --database env:DB --encryption-key file:keys/ENCRYPTION_KEY':
    { says: /opens everything/ },
  'hookwarden keys prove --database env:RESTORED_DATABASE_URL --env-file keys.env': {
    says: /opens everything/,
  },
  'printf %s "$(openssl rand -hex 32)" >POSTGRES_PASSWORD': {
    leaves: ['POSTGRES_PASSWORD', /^[0-9a-f]{64}$/],
  },
  'printf %s "$(openssl rand -hex 32)" >REDIS_PASSWORD': {
    leaves: ['REDIS_PASSWORD', /^[0-9a-f]{64}$/],
  },
  "grep -rn 'sha256:0000' deploy/kubernetes": { says: /image: hookwarden:/ },
  'npm run --silent sbom > hookwarden.cdx.json': { leaves: ['hookwarden.cdx.json', /CycloneDX/] },
  'sha256sum hookwarden-*.tgz hookwarden.cdx.json > SHA256SUMS': {
    leaves: ['SHA256SUMS', /hookwarden\.cdx\.json/],
  },
}

const TUTORIAL = ['test/long/tutorial.test.ts', 'docs/tutorial.md'] as const
const FIREWALL = ['test/container/firewall.test.ts', 'deploy/firewall/hookwarden.nft'] as const

/** Lines that another test or `.ci/run` runs: which, and a word that stands in it. */
export const ELSEWHERE: Readonly<Record<string, readonly [file: string, word: string]>> = {
  'npm ci': ['.ci/run', 'npm ci'],
  'npm test': ['.ci/run', 'npm test'],
  'npm run check': ['.ci/run', 'npm run check'],
  'npm run demo': ['.ci/run', 'npm run demo'],
  'npm ci && npm test': ['.ci/run', 'npm test'],
  'npm ci && npm run demo': ['.ci/run', 'npm run demo'],
  'npm run build': ['test/long/package.test.ts', 'deploy/package/build.ts'],
  'npm pack': ['test/long/package.test.ts', `'pack'`],
  'export GITHUB_SECRET=the-secret-of-this-tutorial': TUTORIAL,
  'hookwarden init --sender github=0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11': TUTORIAL,
  'hookwarden check --dev': TUTORIAL,
  'hookwarden run --dev &': TUTORIAL,
  'hookwarden run --dev': TUTORIAL,
  'hookwarden doctor --compose compose.yaml --config hookwarden.yaml': [
    'test/deploy.test.ts',
    'doctor finds nothing in what is deployed',
  ],
  'curl --silent --insecure https://127.0.0.1:8443/webhooks/flows/0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11 --json \'{"action":"opened"}\'':
    TUTORIAL,
  'echo \'{"action":"opened"}\' > delivery.json': TUTORIAL,
  'hookwarden sign github --dev --body delivery.json --url https://127.0.0.1:8443 --send --insecure':
    TUTORIAL,
  'hookwarden readiness github --least 1': TUTORIAL,
  'nft --check --file deploy/firewall/hookwarden.nft': FIREWALL,
  'nft --file deploy/firewall/hookwarden.nft': FIREWALL,
  './prepare.sh hwpub_…': ['test/container/compose.test.ts', 'prepare.sh'],
  './try.sh github': ['test/container/compose.test.ts', 'try.sh'],
}

const ENGINE =
  'no engine that pulls images: test/container/ does the same with podman and stand-ins'
const CLUSTER =
  'no cluster: test/deploy.test.ts and test/sdk/kubernetes.test.ts read what it would apply'
const MACHINE = 'wants the machine for itself, for minutes: test/bench.test.ts tries how it judges'

/** Lines that nothing here runs, by how they begin, each with the reason why not. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  'docker build ': 'test/container/image.test.ts builds the same file with podman',
  'docker run ': 'test/container/image.test.ts runs the image with the same options by podman',
  'docker compose ': ENGINE,
  'kubectl ': CLUSTER,
  'npm run bench': MACHINE,
  'rsync ': 'wants another host',
  'hookwarden doctor --reach HOST': 'wants another host',
  'hookwarden discover --database …': 'names what another page has whole',
  '(sleep 60; nft delete table inet hookwarden) &':
    'lets a minute pass, so that a mistake undoes itself; test/container/firewall.test.ts loads the table it takes away',
}
