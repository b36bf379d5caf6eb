import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { developmentCertificate } from '../support/certificate.ts'
import { documented } from '../support/documented.ts'

/**
 * Lines of the pages that are run as they stand, in this order, in a folder that has what their pages say is there: each
 * leaves what the next ones find. A word of the page may stand for one that is made here.
 */
const LINES = [
  'npm run hookwarden -- check --config hookwarden.yaml',
  'npm run hookwarden -- check --config hookwarden.yaml --effective',
  'hookwarden check --config hookwarden.yaml',
  'hookwarden check --config hookwarden.yaml --effective > new.txt',
  'hookwarden keygen --out seal.key',
  'hookwarden keygen --out escrow.key',
  'hookwarden keys generate --out keys.env --format env',
  'hookwarden keys generate --out keys --format files',
  'hookwarden keys pin --state /var/lib/hookwarden',
  'hookwarden keys escrow --to hwpub_… --out keys.escrow',
  'hookwarden keys escrow --open keys.escrow --key file:escrow.key --out keys',
]

const folder = mkdtempSync(join(tmpdir(), 'hookwarden-commands-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

/** As it is when Hookwarden is installed: a command in the path. */
function install(): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const entry = join(process.cwd(), 'bin/hookwarden.js')
  writeFileSync(
    join(bin, 'hookwarden'),
    `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`,
    {
      mode: 0o755,
    },
  )
  return bin
}

t.test('the lines of the pages do what they say', async t => {
  const pages = new Set(documented().map(({ command }) => command))
  const bin = install()
  const { certFile, keyFile } = await developmentCertificate()
  copyFileSync(certFile, join(folder, 'tls.crt'))
  copyFileSync(keyFile, join(folder, 'tls.key'))
  writeFileSync(
    join(folder, 'hookwarden.yaml'),
    `version: 1
upstream: http://127.0.0.1:3000
listen: { tls: [{ cert: ${join(folder, 'tls.crt')}, key: ${join(folder, 'tls.key')} }] }
providers:
  github: { secret: env:WEBHOOK_SECRET_KEY, flows: [0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11] }
`,
  )
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    ENCRYPTION_KEY: 'Vq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6aQ1uKiOyZxCvBn0t',
    WEBHOOK_SECRET_KEY: 'aQ1uKiOyZxCvBn0tVq3kX9_pLm2TzR7wYb5-NcJ8sHd4GfE6',
    APP_SECRET_KEY: 'NcJ8sHd4GfE6aQ1uKiOyZxCvBn0tVq3kX9_pLm2TzR7wYb5-',
  }
  let publicHalf = ''
  for (const line of LINES) {
    t.ok(pages.has(line), `a page says: ${line}`)
    if (line.includes('--open')) rmSync(join(folder, 'keys'), { recursive: true })
    mkdirSync(join(folder, 'state'), { recursive: true })
    const here = line
      .replace('npm run hookwarden --', 'hookwarden') // from a checkout
      .replace('hwpub_…', publicHalf)
      .replace('/var/lib/hookwarden', join(folder, 'state'))
    const { status, stdout, stderr } = spawnSync('sh', ['-c', here], {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
    t.equal(status, 0, `${line}\n${stdout}${stderr}`)
    publicHalf = /hwpub_\S+/.exec(stdout + stderr)?.[0] ?? publicHalf
  }
})
