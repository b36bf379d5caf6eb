import { needsToken } from '../config/check-handshake.ts'
import { type Demands, demandsOf } from '../config/demands.ts'
import { type Coverage, coverageOf } from '../presets/coverage.ts'
import { EVIDENCE } from '../presets/preset.ts'
import { PRESETS, type Preset } from '../presets/presets.ts'
import {
  algorithmInWords,
  codeInWords,
  placeInWords,
  templateInWords,
  timeInWords,
} from '../presets/words.ts'
import { formatMillis } from '../units.ts'
import { challengeInWords } from './handshake-words.ts'

const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
/** Whose webhooks Automatisch registers with its own key, so that their flows are served where it registered them. */
const REGISTERED: readonly string[] = ['github', 'gitlab', 'telegram', 'typeform']
/** Who signs tokens with one key that it shows, and publishes no set of keys. */
const ONE_KEY: readonly string[] = ['wix']
/** Where their values come from is on the sender's page; these show the form. */
const EXAMPLES: Readonly<Record<Demands['named'][number], string>> = {
  username: 'hooks',
  key_id: 'the-id-of-your-key',
  webhook_id: 'the-id-of-your-webhook',
  cert_url: 'https://example.com/the-certificate.pem',
  topic_arn: 'arn:aws:sns:eu-central-1:123456789012:hooks',
}

/** The pages of `docs/providers/`, by their place in the repository: one for each preset, and the table of all. */
export function providerPages(): ReadonlyMap<string, string> {
  const names = Object.keys(PRESETS).sort()
  const pages = names.map(
    name => [`docs/providers/${name}.md`, page(name, PRESETS[name] as Preset)] as const,
  )
  return new Map([['docs/providers/README.md', table(names)] as const, ...pages])
}

/** The entry of a map that a page shows: as few keys as load. */
export function exampleEntry(name: string, { scheme, handshake = [] }: Preset): string {
  const { proof, named, url } = demandsOf(scheme)
  const lines = [
    KEYS[proof](name),
    ...(handshake.some(needsToken) ? [`verify_token: env:${variable(name)}_VERIFY_TOKEN`] : []),
    ...named.map(key => `${key}: ${EXAMPLES[key]}`),
    ...(url ? ['public_url: https://hooks.example.com'] : []),
    ...(REGISTERED.includes(name)
      ? [`flows: [${FLOW}]`]
      : [`path: /in/${name}`, `to: flow:${FLOW}`]),
  ]
  return `${name}:\n${lines.map(line => `  ${line}\n`).join('')}`
}

function variable(name: string): string {
  return name.replaceAll('-', '_').toUpperCase()
}

/** What proves a sender, as its entry gives it. */
const KEYS: Readonly<Record<Demands['proof'], (name: string) => string>> = {
  secret: name => {
    const own = `${variable(name)}_SECRET`
    return `secret: env:${REGISTERED.includes(name) ? 'WEBHOOK_SECRET_KEY' : own}`
  },
  public_key: name => `public_key: file:/run/secrets/${name}.pub`,
  'public_key or jwks': name =>
    ONE_KEY.includes(name)
      ? `public_key: file:/run/secrets/${name}.pub`
      : `jwks: file:/run/secrets/${name}.json`,
  certificate: () => 'cert_url: fetch',
  nothing: () => '',
}

function page(name: string, preset: Preset): string {
  const { title, page, evidence, read, caveats = [] } = preset
  const asks = challengeInWords(preset)
  const { status, says } = EVIDENCE[evidence]
  const proof = read === undefined ? says : `${says} (${read})`
  return [
    `# ${title}`,
    `Preset \`${name}\`, ${status}: ${proof}. Source: [${page.title ?? page.url}](${page.url}).`,
    '## Set it up',
    preset.setup === undefined
      ? "Where to click has not been read: see the sender's page above."
      : `${clicks(preset.setup)}.`,
    ...(asks === undefined ? [] : [asks]),
    `\`\`\`yaml\n${exampleEntry(name, preset)}\`\`\``,
    ...defaults(preset),
    '## How it signs',
    signs(preset),
    '## What that leaves open',
    open(preset, coverageOf(preset)),
    '## When a delivery fails',
    fails(preset),
    ...(caveats.length === 0 ? [] : ['## Mind', caveats.map(one => `- ${one}`).join('\n')]),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}

/** Paths to click, each step as it is written there; a sentence stays one. */
function clicks(setup: string): string {
  const path = (steps: string) =>
    steps.includes(' > ')
      ? steps
          .split(' > ')
          .map(step => `**${step}**`)
          .join(' > ')
      : steps
  return setup.split('; ').map(path).join('; ')
}

function defaults({ methods, contentTypes }: Preset): string[] {
  const list = (words: readonly string[]) => words.map(word => `\`${word}\``).join(', ')
  const kept = [
    ...(methods === undefined ? [] : [`methods ${list(methods)}`]),
    ...(contentTypes === undefined ? [] : [`content types ${list(contentTypes)}`]),
  ]
  return kept.length === 0 ? [] : [`The preset accepts ${kept.join(' and ')} by itself.`]
}

function signs({ scheme }: Preset): string {
  const step = codeInWords(scheme)
  const rows = [
    ['where', placeInWords(scheme)],
    ['how', algorithmInWords(scheme)],
    ...(scheme.sign === undefined ? [] : [['what', templateInWords(scheme.sign)]]),
    ...(step === undefined ? [] : [['what', step]]),
    ...(scheme.key === undefined ? [] : [['key', templateInWords(scheme.key)]]),
    ...Object.entries(step === undefined ? (scheme.claims ?? {}) : {}).map(([claim, value]) => [
      `claim \`${claim}\``,
      typeof value === 'string'
        ? templateInWords(value)
        : `${templateInWords(value.is)}; absent without a body`,
    ]),
    ...(scheme.require ?? []).map(([one, other]) => [
      'must agree',
      `${templateInWords(one)}, and ${templateInWords(other)}`,
    ]),
    ['time', timeInWords(scheme) ?? 'none'],
    ...publicKey(scheme),
  ]
  return ['| | |', '|---|---|', ...rows.map(([key, value]) => `| ${key} | ${cell(value)} |`)].join(
    '\n',
  )
}

/** Which keys prove it, and how they are written. */
function publicKey(scheme: Preset['scheme']): string[][] {
  const { proof } = demandsOf(scheme)
  if (proof === 'public_key or jwks') return [['public key', '`jwks`, or `public_key` in PEM']]
  const { key_format: format = 'pem' } = scheme
  return proof === 'public_key' ? [['public key', FORMATS[format]]] : []
}

const FORMATS: Readonly<Record<NonNullable<Preset['scheme']['key_format']>, string>> = {
  pem: 'PEM, of the key or of a certificate',
  hex: 'hexadecimal, unless `key_format` says otherwise',
  base64: 'base64, unless `key_format` says otherwise',
  base64url: 'base64url, unless `key_format` says otherwise',
}

function cell(text = ''): string {
  return text.replaceAll('|', '\\|')
}

const BODY: Readonly<Record<Coverage['body'], string>> = {
  whole: 'The whole body is signed.',
  form: 'The fields of the form are signed, not its bytes.',
  fields: '',
  checksum:
    '**The body is signed by a checksum alone:** a forger who sees one delivery can make another body with the same sum.',
  none: '**The body is not signed:** anybody who sees one delivery can send another body with it.',
}

function open({ scheme, deliveryId }: Preset, coverage: Coverage): string {
  const shown = scheme.alg === 'token' || scheme.alg === 'basic'
  const fields = coverage.fields.map(name => `\`${name}\``).join(', ')
  const body = shown
    ? '**Nothing is signed:** whoever learns the secret can send anything, and repetitions cannot be told.'
    : coverage.body === 'fields'
      ? `**Of the body only these fields are signed:** ${fields}. Anything else in it may be changed on the way.`
      : BODY[coverage.body]
  const time = coverage.time
    ? 'The time is signed: an old delivery is refused.'
    : `No time is signed: a delivery never becomes stale${TOLD[coverage.body]}.`
  const id = deliveryId === undefined ? undefined : idInWords(deliveryId, coverage.deliveryId)
  const lines = shown ? [body] : [body, time]
  return [...lines, ...(id === undefined ? [] : [id])].map(line => `- ${line}`).join('\n')
}

/** What tells a repetition where no time does: replay memory, which rests on a signed body. */
const TOLD: Readonly<Record<Coverage['body'], string>> = {
  whole: ', and only replay memory tells a repetition',
  form: ', and only replay memory tells a repetition',
  fields: '',
  checksum: '',
  none: '',
}

function idInWords(place: string, signed: boolean | undefined): string {
  const [source = '', name = ''] = place.split(':')
  const where = `${KINDS[source] ?? source} \`${name}\``
  return signed
    ? `The id of a delivery, ${where}, is signed.`
    : `The id of a delivery, ${where}, is **not** signed: anybody on the way can change it.`
}

const KINDS: Readonly<Record<string, string>> = {
  header: 'header',
  json: 'JSON field',
  form: 'form field',
  claim: 'claim',
}

function fails({ timeout, failure }: Preset): string {
  const waits =
    timeout === undefined
      ? 'How long it waits for an answer has not been read: `answer_within` is 9s unless you set it.'
      : `It waits ${formatMillis(timeout)} for an answer.`
  const does =
    failure === undefined
      ? 'What it does then has not been read.'
      : `${failure.does} ([source](${failure.url}))`
  const told =
    failure?.repeats === undefined
      ? ''
      : ' Trouble of our own, and a limit that a genuine delivery meets, is answered `503` here: after that it repeats.'
  return `${waits} ${does}${told}`
}

function table(names: readonly string[]): string {
  const rows = names.map(name => {
    const preset = PRESETS[name] as Preset
    const { scheme, title, evidence } = preset
    const { body, time } = coverageOf(preset)
    const signed = [
      ...(body === 'none' ? [] : [body === 'whole' ? 'body' : `body (${body})`]),
      ...(time ? ['time'] : []),
    ]
    return `| [${title}](${name}.md) | \`${name}\` | ${EVIDENCE[evidence].status} | \`${scheme.alg}\` | ${signed.join(', ') || 'nothing'} |`
  })
  const supported = names.filter(
    name => EVIDENCE[(PRESETS[name] as Preset).evidence].status === 'supported',
  ).length
  return `# Senders

${names.length} senders are known by name: ${supported} of them *supported*, which means that the sender's own library,
source or page was read for it; the others *community*, taken from descriptions that others gave of that page. Each is
proven by signatures that an independent signer makes, or that the sender publishes (\`npm test\`).

A sender that is not here is a few lines of \`scheme:\` ([how](../schemes.md)). These pages are made from
\`src/presets/\` by \`npm run docs\`.

| sender | preset | status | \`alg\` | signed |
|---|---|---|---|---|
${rows.join('\n')}
`
}
