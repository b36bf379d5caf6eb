import { nearest } from '../spelling.ts'
import { parseMillis } from '../units.ts'
import { JWT_ALGS, type JwtAlg } from './alg.ts'
import type { ClaimRule, JwtRules } from './compiled.ts'
import type { Issues } from './issue.ts'
import { jsonTree } from './json.ts'
import type { Scope } from './names.ts'
import type { BodyClaim, Scheme } from './scheme.ts'
import { needsBody, parseTemplate } from './template.ts'

/** Claims that say when a token holds: read always, and never compared. */
const TIMES = ['exp', 'nbf', 'iat']
const CLAIM_KEYS = ['is', 'when']

/** Reads `algs`, `claims` and `max_age`. */
export function parseJwt(
  { algs: names, claims = {}, max_age: age }: Scheme,
  scope: Scope,
  claimInBody: boolean,
  issues: Issues,
): JwtRules {
  const algs = parseAlgs(names ?? [], issues)
  const rules = Object.entries(claims).map(([name, claim]) =>
    parseClaim(name, claim, scope, claimInBody, issues),
  )
  const maxAge = age === undefined ? undefined : (parseMillis(age) ?? 0)
  if (maxAge === 0) {
    const message = `'${age}' allows no time: expected a duration such as '300s' or '5m'`
    issues.add('max_age', 1, message)
  }
  const read = [...TIMES, ...rules.map(({ name }) => name)]
  return { algs, claims: rules, maxAge, payload: treeOf(read) }
}

/** The tree of fields at the top. Names of claims are taken as they are, dots included. */
export function treeOf(names: readonly string[]) {
  return jsonTree([...new Set(names)].map(name => ({ path: name, steps: [name] })))
}

function parseAlgs(names: readonly string[], issues: Issues): JwtAlg[] {
  if (names.length === 0) {
    issues.add('algs', 1, 'a JWT must not choose how it is verified: name its algorithms')
  }
  const algs = names.flatMap((name, index) => {
    const alg = JWT_ALGS.find(known => known.name === name)
    if (alg !== undefined) return [alg]
    const known = JWT_ALGS.map(({ name }) => name)
    const message = `unknown algorithm '${name}': expected ${known.join(', ')}`
    issues.add(`algs[${index}]`, 1, message, nearest(name, known))
    return []
  })
  const macs = algs.filter(({ mac }) => mac !== undefined)
  if (macs.length > 0 && macs.length < algs.length) {
    // whoever knows the public key could sign with it as if it were the secret
    issues.add('algs', 1, 'HS* and algorithms of public keys exclude each other')
  }
  return algs
}

function parseClaim(
  name: string,
  claim: string | BodyClaim,
  scope: Scope,
  claimInBody: boolean,
  issues: Issues,
): ClaimRule {
  const key = `claims.${name}`
  if (TIMES.includes(name)) {
    issues.add(key, 1, `'${name}' is a time, which is checked always: see 'max_age'`)
  }
  if (typeof claim !== 'string') {
    for (const word of Object.keys(claim).filter(word => !CLAIM_KEYS.includes(word))) {
      issues.add(`${key}.${word}`, 1, `unknown key '${word}'`, nearest(word, CLAIM_KEYS))
    }
    if (claim.when !== 'body') {
      issues.add(`${key}.when`, 1, `unknown condition '${claim.when}': expected body`)
    }
  }
  const [text, at] = typeof claim === 'string' ? [claim, key] : [claim.is, `${key}.is`]
  const is = parseTemplate(text, at, scope, issues)
  for (const { source, column } of is) {
    if (source === 'secret') issues.add(at, column, 'a claim is no secret')
  }
  const whenBody = typeof claim !== 'string'
  const late = is.some(part => needsBody(part) || (claimInBody && part.source === 'variable'))
  return { name, is, whenBody, inBody: late || whenBody }
}
