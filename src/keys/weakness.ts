import { KEY_NAMES, type KeyBytes, type KeyName } from './names.ts'

/** What can be wrong with a key that is there. */
export type WeaknessCode = keyof typeof WEAKNESSES

/** Each weakness with why it matters and what to do. */
export const WEAKNESSES = {
  key_sample: {
    says: 'it is the value of an example or a test',
    fix: 'everybody can read it: make new keys before anything is stored with it',
  },
  key_short: {
    says: 'it has fewer than 32 characters',
    fix: '`hookwarden keys generate` makes keys of 48',
  },
  key_guessable: {
    says: 'it repeats itself, so that far fewer tries find it than its length promises',
    fix: 'a key is drawn by a machine, never thought of: `hookwarden keys generate`',
  },
  key_blank: {
    says: 'a blank or a line end stands in it or at its end',
    fix: 'one program keeps it and the next drops it: write it again without, for example with `printf %s`',
  },
  key_equal: {
    says: 'another of the three has the same value',
    fix: 'whoever learns one has both: each needs a value of its own',
  },
  key_alphabet: {
    says: 'Telegram refuses it: a secret there is 1 to 256 characters of `A-Za-z0-9_-`',
    fix: 'only before the first flow with a webhook is published: `hookwarden keys generate`. Later, do without Telegram triggers',
  },
} as const

/** One weakness of one key. */
export interface Weakness {
  readonly key: KeyName
  readonly code: WeaknessCode
}

/** What Automatisch's own examples and tests are set to. */
const SAMPLES = new Set([
  ...['sample-encryption-key', 'sample-webhook-key', 'sample-app-secret-key'],
  ...['sample_encryption_key', 'sample_webhook_secret_key', 'sample_app_secret_key'],
  ...['sample', 'secret', 'changeme', 'change-me', 'automatisch', 'automatisch_password'],
  ...['encryption_key', 'webhook_secret_key', 'app_secret_key'],
])
const SHORTEST = 32
/** Bits of chance that a key should show; one of 48 characters drawn from 64 shows some 230. */
const BITS = 100

/** What is wrong with the keys at hand, in their order. Never repeats a key. */
export function weaknessesOf(keys: KeyBytes): readonly Weakness[] {
  const texts = KEY_NAMES.flatMap(key => {
    const bytes = keys[key]
    return bytes === undefined ? [] : [{ key, text: Buffer.from(bytes).toString('latin1') }]
  })
  return texts.flatMap(({ key, text }) => {
    const others = texts.filter(one => one.key !== key)
    const found: WeaknessCode[] = []
    if (SAMPLES.has(text.trim().toLowerCase())) found.push('key_sample')
    else if (text.length < SHORTEST) found.push('key_short')
    else if (chanceIn(text) < BITS) found.push('key_guessable')
    if (/\s/.test(text)) found.push('key_blank')
    if (others.some(one => one.text === text)) found.push('key_equal')
    if (key === 'WEBHOOK_SECRET_KEY' && !/^[\w-]{1,256}$/.test(text.trim())) {
      found.push('key_alphabet')
    }
    return found.map(code => ({ key, code }))
  })
}

/** At most how many bits of chance a text shows, by its characters and by the steps between them. */
export function chanceIn(text: string): number {
  const once = text.slice(0, periodOf(text))
  const codes = [...once].map(character => character.charCodeAt(0))
  const steps = codes.slice(1).map((code, i) => code - (codes[i] ?? 0))
  return Math.min(entropy(codes), entropy(steps)) * once.length
}

/** The length of the shortest piece that `text` repeats. */
function periodOf(text: string): number {
  const again = `${text}${text}`.indexOf(text, 1)
  return again === -1 ? text.length : again
}

/** @see C. E. Shannon, "A Mathematical Theory of Communication", section 6 */
function entropy(symbols: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) {
    const share = count / symbols.length
    bits -= share * Math.log2(share)
  }
  return bits
}
