import t from 'tap'
import { type LoadOptions, loadMap } from '../../../src/config/load.ts'
import { coverageOf } from '../../../src/presets/coverage.ts'
import { EVIDENCE } from '../../../src/presets/preset.ts'
import { PRESETS, type Preset } from '../../../src/presets/presets.ts'
import { parseMillis } from '../../../src/units.ts'
import { compileScheme } from '../../../src/verify/compile.ts'
import { exampleMap } from './support.ts'

const ALL = Object.entries(PRESETS)

t.test('every preset cites a page and says how far it is proven', async t => {
  t.ok(ALL.length >= 200)
  for (const [name, { title, page, evidence, read, failure }] of ALL) {
    t.match(name, /^[a-z0-9]+(?:-[a-z0-9]+)*$/)
    t.match(title, /^\S.*\S$/, name)
    t.match(page.url, /^https:\/\/\S+$/, name)
    t.ok(EVIDENCE[evidence], name)
    const run = evidence === 'sdk' || evidence === 'library'
    t.equal(read !== undefined, run, `${name}: a library that was run has a name and a version`)
    if (failure !== undefined) t.match(failure, { does: /\.$/, url: /^https:\/\/\S+$/ }, name)
  }
})

t.test('what a preset tells a person is a sentence', async t => {
  for (const [name, { caveats = [], challenge, setup }] of ALL) {
    for (const caveat of caveats) t.match(caveat, /^[`\p{L}\d].*[.)]$/u, `${name}: ${caveat}`)
    for (const words of [...caveats, challenge, setup]) t.notMatch(words ?? '', /[—–]| {2}/, name)
    if (challenge !== undefined) t.notMatch(challenge, /\.$/, `${name}: goes on in its page`)
    if (setup !== undefined) t.notMatch(setup, /\.$/, `${name}: goes on in its page`)
  }
})

t.test('a preset names types and methods only where the defaults would refuse them', async t => {
  const usual = ['application/json', 'application/x-www-form-urlencoded', 'text/plain']
  const odd = ALL.filter(([, { contentTypes }]) => contentTypes !== undefined)
  for (const [name, { contentTypes = [] }] of odd) {
    t.ok(
      contentTypes.some(type => !usual.includes(type)),
      name,
    )
  }
  t.same(odd.map(([name]) => name).sort(), [
    'contentful',
    'dropbox-sign',
    'kinde',
    'livekit',
    'recurly',
    'surveymonkey',
  ])
})

t.test('what an object has of its own accord is no preset', async t => {
  for (const name of ['constructor', 'toString', '__proto__'])
    t.equal(PRESETS[name], undefined, name)
})

/** Whose deliveries stay fresh for longer than replay memory lasts by default. */
const LONG = ['twitch', 'box', 'elevenlabs', 'cloudinary', 'recharge']

t.test('a map of every preset loads, and replay memory outlasts what stays fresh', async t => {
  const { settings, issues } = loadMap(exampleMap(Object.keys(PRESETS)), OPTIONS)
  t.same(issues, undefined)
  for (const name of LONG) {
    const tolerance = parseMillis(PRESETS[name]?.scheme.timestamp?.tolerance ?? '') ?? 0
    t.ok(tolerance > 300_000, `${name} stays fresh for long`)
    const one = settings?.providers.find(provider => provider.name === name)
    t.equal(
      one?.routes[0]?.replay,
      2 * tolerance + 60_000,
      `${name}, though a clock is set back by a minute`,
    )
  }
})

t.test('of the body is said to be signed what the compiled scheme signs', async t => {
  for (const [name, preset] of ALL) {
    const compiled = compileScheme(preset.scheme, {
      publicUrl: 'https://a.example',
      values: VALUES,
    })
    if (Array.isArray(compiled)) return t.fail(name)
    const { body, time } = coverageOf(preset)
    // of a notification of SNS every field that matters is signed, though not its bytes
    const covers = body !== 'none' && (body !== 'fields' || preset.scheme.sign === '{sns}')
    t.equal(compiled.signsBody, covers, name)
    if (compiled.kind !== 'jwt') t.equal(compiled.toleranceMs !== undefined, time, name)
  }
})

t.test('a delivery id counts as signed only where it is', async t => {
  const signed = (name: string) => coverageOf(PRESETS[name] as Preset).deliveryId
  t.equal(signed('github'), false, 'a header beside the body')
  t.equal(signed('twitch'), true, 'a header in what is signed')
  t.equal(signed('stripe'), true, 'a field of a signed body')
  t.equal(signed('qstash'), true, 'a claim')
  t.equal(signed('gitlab'), false, 'nothing is signed')
  t.equal(signed('opennode'), true, 'the one field that is signed')
  t.equal(signed('slack'), true)
  t.equal(signed('tiktok'), undefined, 'not known')
})

const VALUES = { key_id: 'k', webhook_id: 'w', cert_url: 'c', topic_arn: 't', username: 'u' }

const OPTIONS: LoadOptions = {
  file: 'map.yaml',
  dev: false,
  compileScheme: (scheme, at) => {
    const compiled = compileScheme(scheme, at)
    return Array.isArray(compiled) ? compiled : []
  },
}
