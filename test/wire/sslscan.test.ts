import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { stage } from './stage.ts'

const run = promisify(execFile)
const HERE = process.env.PATH?.split(':').some(folder => globSync(`${folder}/sslscan`).length > 0)

/** What may be found. Everything else is below its best mark. */
const SUITES = new Set([
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
])

t.test(
  'sslscan finds nothing weak',
  { skip: HERE ? false : 'sslscan is not installed' },
  async t => {
    const on = await stage(t)
    const { stdout } = await run('sslscan', ['--xml=-', '--no-colour', `127.0.0.1:${on.port}`])
    const found = (element: string, attribute: string, where = '') =>
      [...stdout.matchAll(new RegExp(`<${element}\\b[^>]*${where}[^>]*>`, 'g'))].map(
        ([tag]) => new RegExp(`\\b${attribute}="([^"]*)"`).exec(tag)?.[1] ?? '',
      )
    t.same(
      [...stdout.matchAll(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g)].map(
        ([, type, version]) => `${type} ${version}`,
      ),
      ['tls 1.2', 'tls 1.3'],
    )
    const suites = found('cipher', 'cipher')
    t.ok(suites.length >= SUITES.size, `${suites.length} suites`)
    t.same(
      suites.filter(suite => !SUITES.has(suite)),
      [],
    )
    t.same(
      found('renegotiation', 'supported').filter(it => it === '1'),
      [],
      'no renegotiation',
    )
    t.same(
      found('compression', 'supported').filter(it => it === '1'),
      [],
      'no compression',
    )
    t.same(new Set(found('heartbleed', 'vulnerable')), new Set(['0']))
    const groups = found('group', 'name')
    t.ok(groups.length > 0)
    t.same(
      groups.filter(group => /ffdhe|sect|brainpool/i.test(group)),
      [],
    )
    const page = readFileSync('docs/security.md', 'utf8')
    for (const suite of suites)
      t.ok(page.includes(`\`${suite}\``), `${suite} is in docs/security.md`)
  },
)
