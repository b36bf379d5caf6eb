import { misspelt } from './check-routes.ts'
import { type Demands, NAMED, PUBLIC } from './demands.ts'
import type { Path } from './issues.ts'
import type { Report } from './report.ts'

const UNUSED = 'remove it: what is not used would prove nothing'

/** Checks that an entry gives what its scheme needs beside secrets, and nothing that its scheme has no use for. */
export function checkValues(demands: Demands, at: Path, report: Report): void {
  checkPublicKey(demands, at, report)
  for (const key of NAMED) {
    const given = report.has([...at, key])
    const needed = demands.named.includes(key)
    if (given && !needed) unused(key, at, report)
    if (!needed || given || misspelt(at, key, report)) continue
    const message = `missing: this sender's scheme needs \`${key}\``
    report.at(at, { message, fix: `add \`${key}: …\``, ofKey: true })
  }
  if (report.has([...at, 'public_url']) && !demands.url) unused('public_url', at, report)
}

function unused(key: string, at: Path, report: Report): void {
  const message = `this sender's scheme does not use \`${key}\``
  report.at([...at, key], { message, fix: UNUSED, ofKey: true })
}

function checkPublicKey({ proof }: Demands, at: Path, report: Report): void {
  const taken = PUBLIC.filter(key => proof.includes(key))
  const given = PUBLIC.filter(key => report.has([...at, key]))
  for (const key of given) if (!taken.includes(key)) unused(key, at, report)
  const key = given.find(key => taken.includes(key))
  if (given.length > 1 && taken.length > 1) {
    const message = '`public_key` and `jwks` exclude each other'
    report.at([...at, 'jwks'], { message, fix: 'remove one of them', ofKey: true })
  }
  if (report.has([...at, 'key_format']) && key !== 'public_key') unused('key_format', at, report)
  if (taken.length === 0 || key !== undefined) return
  if (taken.some(key => misspelt(at, key, report))) return
  const [names, fix] =
    taken.length > 1
      ? [
          '`jwks` or `public_key`',
          '`jwks: file:PATH` or `public_key: file:PATH`, or the keys themselves',
        ]
      : ['`public_key`', '`public_key: file:PATH`, or the key itself']
  const message = `missing: a public key proves this sender, so its entry needs ${names}`
  report.at(at, { message, fix, ofKey: true })
}
