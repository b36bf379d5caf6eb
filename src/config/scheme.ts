import * as z from 'zod'
import { memory, word } from './grammar.ts'
import { group, list, optional, template } from './keys.ts'

const time = group({
  from: optional(
    template('a template such as `{ts}`'),
    '`{ts}`',
    'Template of the signed time.',
    'the name that `items` usually binds',
  ),
  unit: word(['s', 'ms', 'iso', 'http']).meta({
    description: 'How the time is written: seconds, milliseconds, ISO 8601 or HTTP date.',
  }),
  tolerance: memory().meta({ description: 'How far it may be from our own clock, both ways.' }),
})

const claim = z.union(
  [
    template('a template such as `{body|sha256|hex}`'),
    group({
      is: template('a template such as `{body|sha256|hex}`').meta({
        description: 'Template of the claim.',
      }),
      when: word(['body']).meta({
        description: '`body`: required with a body, and refused without one.',
      }),
    }),
  ],
  { error: 'expected a template, or `is` with `when: body`' },
)

const pair = z.tuple([template('a template'), template('a template')], {
  error: 'expected a pair of templates',
})

const place = () => template('where the signature is, such as `header:x-signature`')

const signed = group({
  alg: template('the algorithm, such as `hmac-sha256` or `token`').meta({
    description:
      '`hmac-sha256` and other HMACs; a plain hash such as `sha256`; `ed25519`, `ecdsa-p256-sha256`, `rsa-sha1`, `rsa-sha256`, `rsa-sha512`, `rsa-pss-sha512`; `jwt`, `token` or `basic`.',
    examples: ['hmac-sha256', 'hmac-sha1', 'hmac-sha512', 'ed25519', 'jwt', 'token', 'basic'],
  }),
  from: z
    .union([place(), list(place(), 'places', 1)], {
      error: 'expected where the signature is, such as `header:x-signature`, or a list of places',
    })
    .meta({
      description:
        'Where the signature or token is: `header:NAME`, `query:NAME`, `form:NAME`, `json:PATH` or `body`. Of a list, any one.',
    }),
  split: optional(
    template('characters'),
    'the value is one item',
    'Characters that separate items in that value.',
    'most senders send one',
  ),
  items: optional(
    list(template('a pattern such as `v1={sig}`'), 'patterns', 1),
    '`{sig}`',
    'Patterns of one item: `{sig}` is a signature, any other name binds a variable.',
    'the bare signature is the commonest',
  ),
  encoding: optional(
    word(['hex', 'base64', 'base64url', 'base64+hex']),
    '`hex`',
    'How the signature is written. Decoded strictly.',
    'the commonest',
  ),
  sign: optional(
    template('a template such as `{body}`'),
    'required unless `alg` is `jwt`, `token` or `basic`',
    'Template of the signed bytes.',
    'what a signature covers is never guessed',
  ),
  key: optional(
    template('a template such as `{secret}`'),
    '`{secret}`',
    'Template of the key bytes.',
    'most senders use the secret as it is',
  ),
  timestamp: optional(
    time,
    'no time is checked',
    'The signed time.',
    'not every sender signs one; replay memory then stands alone',
  ),
  require: optional(
    list(pair, 'pairs of templates', 1),
    'nothing more is compared',
    'Pairs of templates that must come to the same.',
    'most schemes sign everything they rest on',
  ),
  each: optional(
    template('a path such as `items`'),
    'the body is one delivery',
    'Path to a JSON array in the body: every element is verified for itself, and all must pass.',
    'batches with a signature for each part are rare',
  ),
  item: optional(
    template('a path such as `item`'),
    'the element itself',
    'Path from an element of `each` to the object that is signed.',
    'most batches wrap nothing',
  ),
  key_format: optional(
    word(['pem', 'hex', 'base64', 'base64url']),
    '`pem`',
    'How `public_key` is written: PEM, or raw Ed25519 or DER in that encoding.',
    'PEM says itself what it is',
  ),
  algs: optional(
    list(template('an algorithm such as `HS256`'), 'algorithms', 1),
    'required for `jwt`',
    'Algorithms that a JWT may name.',
    'a token must never choose how it is verified',
  ),
  claims: optional(
    z.record(template('the name of a claim'), claim, {
      error: 'expected claims, each a name with a template',
    }),
    'only times are checked',
    'What a JWT must say: a template for each claim.',
    'senders agree on no claim but the times',
  ),
  max_age: optional(
    memory(),
    '`exp` alone ends a token',
    'The oldest `iat` of a JWT.',
    'most senders set `exp`',
  ),
})

const unsigned = group({
  none: z
    .string({ error: 'expected a sentence: why can this sender not prove itself?' })
    .trim()
    .min(10, { error: 'expected a sentence: why can this sender not prove itself?' })
    .max(300, { error: 'expected at most 300 characters' })
    .meta({
      description: 'Why this sender cannot prove itself. Shown wherever it is listed.',
    }),
})

/** How a sender signs, as the map writes it. */
export const scheme = z
  .union([signed, unsigned], { error: 'expected `alg` and `from`, or `none` with a sentence' })
  .meta({ description: 'How the sender signs: `alg` and `from`, or `none` with a sentence.' })
