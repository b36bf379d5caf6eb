import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import AES from 'crypto-js/aes.js'
import t from 'tap'
import { parse } from 'yaml'
import { developmentCertificate } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { postgresPrograms } from '../support/postgres.ts'
import { NO_REDIS } from '../support/redis.ts'
import { NO_PODMAN, Podman } from './podman.ts'

interface ServiceFile {
  readonly networks: readonly string[]
  readonly user: string
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly secrets: readonly string[]
  readonly healthcheck: { readonly test: readonly [string, ...string[]] }
  readonly tmpfs?: readonly string[]
}
interface ComposeFile {
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
  readonly services: Readonly<
    Record<'hookwarden' | 'main' | 'worker' | 'postgres' | 'redis' | 'backup', ServiceFile>
  >
}

const PROGRAMS = postgresPrograms()
const WHY = NO_PODMAN || NO_REDIS || (PROGRAMS === undefined && 'PostgreSQL is not installed')
/** Node in what stands in for other images; in Hookwarden's own it is where its image has it. */
const NODE = '/opt/node'
const OWN = '/usr/local/bin/node'
/** Automatisch's place: counts what comes, and is well. */
const MAIN = `let seen = 0
import('node:http').then(({ createServer }) => createServer((request, response) => {
  if (request.method === 'POST') seen++
  response.statusCode = request.method === 'POST' ? 204 : 200
  response.end(request.method === 'POST' ? undefined : String(seen))
}).listen(3000))`
/** What the image of PostgreSQL does at its first start. */
const POSTGRES = `set -e
initdb -D /tmp/data -U "$POSTGRES_USER" -A scram-sha-256 --pwfile="$POSTGRES_PASSWORD_FILE" -E UTF8 --locale=C >/dev/null
printf 'host all all all scram-sha-256\\n' >>/tmp/data/pg_hba.conf
postgres -D /tmp/data -c listen_addresses='*' -c fsync=off &
until pg_isready -q -h 127.0.0.1; do sleep 0.1; done
PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE") createdb -h 127.0.0.1 -U "$POSTGRES_USER" "$POSTGRES_DB"
wait`

t.test(
  'the compose file, with stand-ins for images that cannot be pulled here',
  { skip: WHY },
  async t => {
    const podman = new Podman(t)
    const folder = mkdtempSync(join(tmpdir(), 'hookwarden-compose-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    cpSync('deploy/compose', folder, { recursive: true })
    const hookwarden = (...args: string[]) =>
      execFileSync(process.execPath, ['bin/hookwarden.js', ...args], { encoding: 'utf8' })

    // the operator's half of the escrow key stays off this host
    const escrowKey = join(folder, 'escrow.key')
    const publicHalf = /hwpub_\S+/.exec(hookwarden('keygen', '--out', escrowKey))?.[0] ?? ''
    const prepared = spawnSync('sh', [join(folder, 'prepare.sh'), publicHalf], {
      encoding: 'utf8',
      env: {
        ...process.env,
        NO_DIGESTS: '1',
        HOOKWARDEN: `${process.execPath} ${process.cwd()}/bin/hookwarden.js`,
      },
    })
    t.equal(prepared.status, 0, prepared.stderr)
    t.match(prepared.stdout, /left to you: secrets\/tls\.crt/)
    const { certFile, keyFile } = await developmentCertificate()
    copyFileSync(certFile, join(folder, 'secrets/tls.crt'))
    copyFileSync(keyFile, join(folder, 'secrets/tls.key'))
    execFileSync('sh', ['-c', 'chown 0:65000 "$0"/* && chmod 640 "$0"/*', join(folder, 'secrets')])

    const file = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8'), {
      merge: true,
    }) as ComposeFile
    const networks = new Map<string, string>()
    for (const [name, { internal }] of Object.entries(file.networks)) {
      // Docker keeps bridges apart by itself
      networks.set(
        name,
        await podman.network(name, ...(internal ? ['--internal'] : ['--opt', 'isolate=true'])),
      )
    }
    const outside = await podman.network('outside', '--opt', 'isolate=true')
    const { image, mounts } = await podman.machine('machine', `ENV=PATH=${PROGRAMS}:/usr/bin:/bin`)

    /** A service as the file has it, in another image. */
    const start = async (
      name: keyof ComposeFile['services'],
      words: readonly string[],
      ...more: readonly string[]
    ): Promise<string> => {
      const own = name === 'hookwarden'
      const picture = own ? await podman.base(process.execPath) : image
      const { networks: joined, user, environment = {}, secrets, tmpfs = [] } = file.services[name]
      return podman.start(
        name,
        ...[
          '--user',
          user,
          '--group-add',
          '65000',
          '--read-only',
          '--cap-drop=ALL',
          '--security-opt',
          'no-new-privileges',
        ],
        ...joined.flatMap(one => ['--network', `${networks.get(one)}:alias=${name}`]),
        ...Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...secrets.flatMap(one => [
          '--volume',
          `${join(folder, 'secrets', one)}:/run/secrets/${one}:ro`,
        ]),
        ...tmpfs.flatMap(one => ['--tmpfs', one.replace(/:.*/, ':rw,mode=1777')]),
        ...['--volume', `${process.execPath}:${own ? OWN : NODE}:ro`, ...(own ? [] : mounts)],
        ...[...more, picture, ...words],
      )
    }
    const unescaped = (words: readonly string[] = []) =>
      words.map(word => word.replaceAll('$$', '$'))
    const healthy = async (name: keyof ComposeFile['services'], container: string) => {
      const [kind, ...words] = file.services[name].healthcheck.test
      const test = kind === 'CMD-SHELL' ? ['sh', '-c', ...unescaped(words)] : words
      while ((await podman.code('exec', container, ...test)) !== 0) await pause(200)
    }

    const [httpsPort, pagesPort] = [await freePort(), await freePort()]
    const containers = {
      postgres: await start(
        'postgres',
        ['sh', '-c', POSTGRES],
        '--tmpfs',
        '/var/run/postgresql:rw,mode=1777',
      ),
      redis: await start(
        'redis',
        unescaped(file.services.redis.command),
        '--tmpfs',
        '/data:rw,mode=1777',
      ),
      main: await start('main', [NODE, '-e', MAIN], '--publish', `127.0.0.1:${pagesPort}:3000`),
      worker: await start('worker', [NODE, '-e', 'setInterval(() => {}, 1e6)']),
      hookwarden: await start(
        'hookwarden',
        [OWN, '/app/bin/hookwarden.js', 'run', '--config', '/etc/hookwarden/hookwarden.yaml'],
        ...['--publish', `${httpsPort}:8443`, '--volume', `${process.cwd()}:/app:ro`],
        ...['--volume', `${join(folder, 'hookwarden.yaml')}:/etc/hookwarden/hookwarden.yaml:ro`],
      ),
      outsider: await podman.start(
        'outsider',
        ...['--network', outside, '--volume', `${process.execPath}:${NODE}:ro`, ...mounts, image],
        ...[NODE, '-e', 'setInterval(() => {}, 1e6)'],
      ),
    }
    for (const name of ['postgres', 'redis', 'hookwarden'] as const)
      await healthy(name, containers[name])

    /** Every address of a container. */
    const addresses = async (container: string): Promise<string[]> => {
      const [{ NetworkSettings: { Networks = {} } = {} } = {}] = JSON.parse(
        await podman.do('inspect', container),
      ) as { NetworkSettings?: { Networks?: Record<string, { IPAddress: string }> } }[]
      return Object.values(Networks).map(({ IPAddress }) => IPAddress)
    }
    const DOORS = {
      postgres: [5432],
      redis: [6379],
      main: [3000],
      hookwarden: [8443, 9090],
    } as const
    const found = new Map<string, readonly string[]>()
    for (const name of Object.keys(DOORS) as (keyof typeof DOORS)[])
      found.set(name, await addresses(containers[name]))
    /** Which doors open to somebody. */
    const opened = async (from: string): Promise<string[]> => {
      const asked: [string, string, number][] = []
      for (const [name, ports] of Object.entries(DOORS)) {
        for (const address of found.get(name) ?? [])
          for (const port of ports) asked.push([`${name}:${port}`, address, port])
      }
      const script = `import { connect } from 'node:net'
const open = await Promise.all(${JSON.stringify(asked)}.map(([name, host, port]) => new Promise(resolve => {
  const socket = connect({ host, port, timeout: 6000 })
  const end = found => { socket.destroy(); resolve(found) }
  socket.on('connect', () => end([name])).on('error', () => end([])).on('timeout', () => end([]))
})))
console.log(JSON.stringify([...new Set(open.flat())].sort()))`
      const node = from === containers.hookwarden ? OWN : NODE
      return JSON.parse(await podman.evaluate(from, script, node)) as string[]
    }

    await t.test('each reaches what it needs, and nothing else', async t => {
      t.same(await opened(containers.main), [
        'hookwarden:8443',
        'main:3000',
        'postgres:5432',
        'redis:6379',
      ])
      t.same(await opened(containers.worker), ['postgres:5432', 'redis:6379'])
      t.same(await opened(containers.hookwarden), ['hookwarden:8443', 'main:3000'])
      t.same(await opened(containers.outsider), [])
    })

    await t.test('where others reach this host there is Hookwarden, and not the pages', async t => {
      const gateway = (
        await podman.do('network', 'inspect', '--format', '{{(index .Subnets 0).Gateway}}', outside)
      ).trim()
      const reached = (port: number) =>
        new Promise<boolean>(resolve => {
          const socket = connect({ host: gateway, port })
          const end = (open: boolean) => {
            socket.destroy()
            resolve(open)
          }
          socket.on('connect', () => end(true)).on('error', () => end(false))
        })
      t.equal(await reached(httpsPort), true)
      t.equal(await reached(pagesPort), false)
      t.equal(
        (await fetch(`http://127.0.0.1:${pagesPort}/`)).status,
        200,
        'on the host itself they are there',
      )
    })

    await t.test('Redis refuses without its password', async t => {
      const password = readFileSync(join(folder, 'secrets/REDIS_PASSWORD'), 'utf8')
      const ask = (line: string, secret = '') =>
        podman.evaluate(
          containers.worker,
          `import { connect } from 'node:net'
const socket = connect(6379, 'redis')
socket.setEncoding('utf8').on('data', said => { console.log(said.trim()); process.exit() })
socket.write('${line}${secret}\\r\\n')`,
          NODE,
        )
      t.match(await ask('PING'), /^-NOAUTH/)
      t.match(await ask('AUTH wrong'), /^-WRONGPASS/)
      t.equal(await ask('AUTH ', password), '+OK')

      const inside = await podman.do(
        'exec',
        containers.redis,
        'sh',
        '-c',
        'cat /proc/[0-9]*/cmdline | tr "\\0" " "',
      )
      t.notOk(inside.includes(password), 'it is no argument')
    })

    await t.test('one command sees it refuse and accept', async t => {
      const exec = join(folder, 'compose-exec')
      const conf = join(podman.folder, 'containers.conf')
      // `docker compose exec -T NAME …`, said to podman
      writeFileSync(
        exec,
        `#!/bin/sh\nshift 2; name=$1; shift\nCONTAINERS_CONF=${conf} exec podman exec -i ${podman.prefix}-$name "$@"\n`,
        { mode: 0o755 },
      )
      const { stdout, stderr } = spawnSync('sh', [join(folder, 'try.sh')], {
        encoding: 'utf8',
        env: { ...process.env, COMPOSE: exec, PORT: `${httpsPort}` },
      })
      t.equal(stdout, 'forged:  401\ngenuine: 204\n', stderr)
      t.equal(
        await (await fetch(`http://127.0.0.1:${pagesPort}/`)).text(),
        '1',
        'one of them arrived',
      )
    })

    await t.test('a backup is restored, and its keys open the stored connections', async t => {
      const key = readFileSync(join(folder, 'secrets/ENCRYPTION_KEY'), 'utf8')
      const data = AES.encrypt('{"token":"xoxb-very-secret"}', key).toString()
      const password = readFileSync(join(folder, 'secrets/POSTGRES_PASSWORD'), 'utf8')
      const sql = `create table connections (id uuid primary key, key text, data text, draft boolean, deleted_at timestamptz);
      create table oauth_clients (id uuid primary key, auth_defaults text);
      insert into connections values ('0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11', 'slack', '${data}', false, null)`
      const psql = ['psql', '-h', '127.0.0.1', '-U', 'automatisch', '-d', 'automatisch', '-c', sql]
      await podman.do('exec', '--env', `PGPASSWORD=${password}`, containers.postgres, ...psql)
      const volumes = [
        ...[
          '--volume',
          `${join(folder, 'backups')}:/backups`,
          '--volume',
          `${join(folder, 'backup.sh')}:/backup.sh:ro`,
        ],
        ...['--volume', `${process.cwd()}:/app:ro`],
      ]
      const backup = await start(
        'backup',
        unescaped(file.services.backup.entrypoint),
        '--env',
        'ONCE=1',
        ...volumes,
      )
      t.equal(await podman.do('wait', backup), '0', await podman.do('logs', backup))
      const [made = ''] = readdirSync(join(folder, 'backups'))
      const place = join(folder, 'backups', made)
      t.same(readdirSync(place).sort(), ['SHA256SUMS', 'database.dump', 'keys.escrow'])
      execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: place })

      // elsewhere: the private half opens the keys
      const opened = join(folder, 'opened')
      hookwarden(
        'keys',
        'escrow',
        '--open',
        join(place, 'keys.escrow'),
        '--key',
        `file:${escrowKey}`,
        '--out',
        opened,
      )
      t.equal(readFileSync(join(opened, 'ENCRYPTION_KEY'), 'utf8'), key)
      await podman.do('rm', backup)
      execFileSync('chmod', ['-R', 'a+rX', opened])
      const restore = `set -e
export PGPASSWORD=$(cat /run/secrets/POSTGRES_PASSWORD)
createdb restored
pg_restore --dbname=restored /backups/${made}/database.dump
DB="postgres://automatisch:$PGPASSWORD@postgres/restored" ${NODE} /app/bin/hookwarden.js keys prove --database env:DB --encryption-key file:/opened/ENCRYPTION_KEY`
      const restored = await start(
        'backup',
        ['sh', '-c', restore],
        ...volumes,
        '--volume',
        `${opened}:/opened:ro`,
      )
      t.equal(await podman.do('wait', restored), '0', await podman.do('logs', restored))
      t.match(await podman.do('logs', restored), /opens|1 of 1/)
    })
  },
)
