import * as z from 'zod'
import { nearest } from '../spelling.ts'
import { type Bytes, type Millis, parseBytes, parseMillis, parseRate } from '../units.ts'
import { isAddress, isPrivate, readBlock, readEndpoint } from './network.ts'

/**
 * The scalars of the map. Each is text in the file and a value in its unit afterwards. A message's first line says what
 * was expected, its second line, if there is one, how to put it right.
 */
const HOUR = 3600e3
const DAY = 24 * HOUR
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/** What a reader answers for text that it cannot take. */
export class Wrong {
  readonly message: string
  constructor(problem: string, fix?: string) {
    this.message = fix === undefined ? problem : `${problem}\n${fix}`
  }
}

/** Text that `read` turns into a value. */
export function scalar<T>(expects: string, read: (text: string) => T | Wrong, pattern?: RegExp) {
  const text = z.string({ error: ({ input }) => withFix(`expected ${expects}`, input) })
  const shaped =
    pattern === undefined
      ? text
      : text.regex(pattern, {
          error: ({ input }) => withFix(`expected ${expects}`, input),
          abort: true,
        })
  return shaped
    .transform((given, context): T => {
      const value = read(given)
      if (!(value instanceof Wrong)) return value
      context.addIssue({ code: 'custom', message: value.message })
      return z.NEVER
    })
    .meta({ form: expects.replace(/(,? such as|:).*/, '').replace(/^an? /, '') })
}

/** The slips people make with units. */
function withFix(message: string, input: unknown): string {
  const given = typeof input === 'number' || typeof input === 'string' ? String(input) : ''
  if (message.includes('duration') && /^\d{1,9}$/.test(given)) {
    return `${message}\na duration needs its unit: \`${given}s\``
  }
  if (message.includes('size')) {
    const slip = /^(?<n>\d{1,9}) ?(?<unit>[KMG])i?[Bb]?$/i.exec(given)?.groups
    if (slip !== undefined) {
      return `${message}\ndid you mean \`${slip.n}${slip.unit?.toUpperCase()}iB\`?`
    }
    if (/^\d{1,9}$/.test(given)) return `${message}\na size needs its unit: \`${given}B\``
  }
  const rate = /^(?<n>\d{1,9}) ?\/ ?(?<unit>s|m|h|d)$/.exec(given)?.groups
  if (message.includes('rate') && rate !== undefined) {
    return `${message}\ndid you mean \`${rate.n}/1${rate.unit}\`?`
  }
  return message
}

interface Bounds {
  readonly least: Millis
  readonly most: Millis
}

/** A length of time. Timers of the platform overflow after 24 days, so every deadline has a roof. */
function duration({ least, most }: Bounds) {
  return scalar(
    'a duration such as `250ms`, `10s` or `5m`',
    text => {
      const value = parseMillis(text)
      if (value === undefined) return new Wrong('expected a duration such as `10s`')
      if (value < least) return new Wrong('has to be longer than nothing')
      if (value > most) return new Wrong(most === DAY ? 'at most `24h`' : 'at most `90d`')
      return value
    },
    /^\d{1,9}(ms|s|m|h|d)$/,
  )
}

/** A deadline: zero would switch it off, which no deadline here may be. */
export const deadline = () => duration({ least: 1, most: DAY })
/** A wait that may be nothing. */
export const wait = () => duration({ least: 0, most: DAY })
/** How long something is remembered. */
export const memory = () => duration({ least: 1, most: 90 * DAY })

/** How often something is looked at. */
export const interval = () =>
  scalar(
    'a duration such as `15s`',
    text => {
      const value = parseMillis(text)
      return value !== undefined && value >= 1000 && value <= HOUR
        ? value
        : new Wrong('expected a duration from `1s` to `1h`')
    },
    /^\d{1,9}(ms|s|m|h|d)$/,
  )

export const size = () =>
  scalar(
    'a size such as `512B`, `256KiB` or `1MiB`',
    (text): Bytes | Wrong => {
      const value = parseBytes(text)
      if (value === undefined) return new Wrong('expected a size such as `256KiB`')
      return value === 0 ? new Wrong('has to be more than nothing') : value
    },
    /^\d{1,9}(B|KiB|MiB|GiB)$/,
  )

export const rate = () =>
  scalar(
    'a rate such as `120/1m`: that many at once, then that many per time',
    text => {
      const value = parseRate(text)
      if (value === undefined) return new Wrong('neither side of a rate may be zero')
      return value.per > DAY ? new Wrong('at most a day: `…/24h`') : value
    },
    /^\d{1,9}\/\d{1,9}(ms|s|m|h|d)$/,
  )

export const count = () =>
  z
    .int({ error: 'expected a whole number' })
    .min(1, { error: 'expected at least 1' })
    .max(1_000_000, { error: 'expected at most 1000000' })

export const block = () =>
  scalar('an address block such as `203.0.113.0/24`', text => {
    const read = readBlock(text)
    return 'problem' in read ? new Wrong(read.problem, read.fix) : read.text
  })

/** A peer whose word about other addresses is believed: never everyone. */
export const trustedBlock = () =>
  scalar('an address block such as `10.0.0.0/8`', text => {
    const read = readBlock(text)
    if ('problem' in read) return new Wrong(read.problem, read.fix)
    if (read.prefix > 0) return read.text
    return new Wrong(
      'this trusts every address there is, so that anyone could choose the address they are limited by',
      'name the addresses of your own proxies',
    )
  })

const ENDPOINT = 'an address with a port, such as `127.0.0.1:9090` or `[::1]:9090`'

export const endpoint = () =>
  scalar(ENDPOINT, text => readEndpoint(text) ?? new Wrong(`expected ${ENDPOINT}`))

export const privateEndpoint = () =>
  scalar(ENDPOINT, text => {
    const read = readEndpoint(text)
    if (read === undefined) return new Wrong(`expected ${ENDPOINT}`)
    if (isPrivate(read.host)) return read
    return new Wrong(
      'what is not encrypted may only listen on a loopback or private address',
      'write `127.0.0.1:8080`, or the address that the proxy in front reaches',
    )
  })

/** An http or https origin: scheme, host and port, nothing behind them. */
export const origin = (why: string) =>
  scalar('an origin such as `https://hooks.example.com`', text => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || !/^https?:\/\/[^/\\\s]/i.test(text)) {
      return new Wrong('expected an origin such as `https://hooks.example.com`')
    }
    if (url.username !== '' || url.password !== '') {
      return new Wrong('expected an origin without user name or password')
    }
    if (url.pathname !== '/' || /[?#]/.test(text)) return new Wrong(why, `write \`${url.origin}\``)
    return url.origin
  })

export const hostName = () =>
  scalar('a host name such as `hooks.example.com`', text => {
    const name = text.toLowerCase()
    if (/:\d{1,5}$/.test(name) && !isAddress(name)) {
      return new Wrong('expected a host name without a port')
    }
    const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/
    const bare = name.startsWith('[') ? name.slice(1, -1) : name
    if (isAddress(bare)) return bare.includes(':') ? `[${bare}]` : bare
    if (name.length <= 253 && name.split('.').every(part => label.test(part))) return name
    return new Wrong('expected a host name such as `hooks.example.com`, without scheme or wildcard')
  })

export const flowId = () =>
  scalar(
    'a flow id in lower case with dashes, such as `0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11`',
    text => text,
    new RegExp(`^${UUID}$`),
  )

export const destination = () =>
  scalar(
    '`flow:` and a flow id in lower case with dashes',
    text => text.slice('flow:'.length),
    new RegExp(`^flow:${UUID}$`),
  )

/** An exact path in its one canonical spelling, so that no other spelling can mean the same. */
export const canonicalPath = () =>
  scalar('a path such as `/in/stripe`', text => {
    if (!text.startsWith('/')) return new Wrong('expected a path that begins with `/`')
    if (text.length > 512) return new Wrong('expected a path of at most 512 characters')
    if (text.includes('%')) return new Wrong('expected a path without percent-encoding')
    if (/[?#]/.test(text)) return new Wrong('expected a path without query or fragment')
    if (text.includes('//')) return new Wrong('expected a path without empty segments')
    if (text.split('/').some(part => part === '.' || part === '..')) {
      return new Wrong('expected a path without `.` and `..`')
    }
    if (!/^[\w/.~!$&'()*+,;=:@-]+$/.test(text)) {
      return new Wrong("expected a path of letters, digits and `-._~!$&'()*+,;=:@`")
    }
    if (/^\/webhooks\/flows(\/|$)/i.test(text)) {
      return new Wrong("this is Automatisch's own path", 'name the flow under `flows:`')
    }
    return text
  })

export const contentType = () =>
  scalar('a content type such as `application/json`', text => {
    const type = text.toLowerCase()
    if (type.includes(';')) return new Wrong('expected a content type without parameters')
    if (type.includes('*')) return new Wrong('expected a content type without wildcard')
    if (type.startsWith('multipart/') && type !== 'multipart/form-data') {
      return new Wrong('Automatisch takes no multipart bodies but `multipart/form-data`')
    }
    const token = "[!#$%&'+.^_`|~0-9a-z-]+"
    if (!new RegExp(`^${token}/${token}$`).test(type)) {
      return new Wrong('expected a content type such as `application/json`')
    }
    return type
  })

/** What the upstream inflates: any other it answers with 415. */
export const encoding = () =>
  z.enum(['gzip', 'deflate'], {
    error: ({ input }) => {
      const expected = 'expected `gzip`, `deflate`'
      const others = ['br', 'zstd', 'compress', 'x-gzip', 'identity']
      if (typeof input !== 'string' || !others.includes(input)) return expected
      if (input === 'identity') return `${expected}\nno encoding at all is always accepted`
      return `${expected}\nAutomatisch does not take \`${input}\``
    },
  })

/** A word of a closed list. */
export function word<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, {
    error: ({ input }) => {
      const expected = `expected ${words.map(known => `\`${known}\``).join(', ')}`
      const near = typeof input === 'string' ? nearest(input, words) : undefined
      return near === undefined ? expected : `${expected}\ndid you mean \`${near}\`?`
    },
  })
}

const REFERENCE = '`env:NAME`, `file:PATH` or `sealed:…`'
/** Version, name of the key, key and seal of at least one byte: what is shorter was cut. */
const SEALED = /^sealed:(?:[A-Za-z0-9+/]{4}){19,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Where a secret is. The text itself is never repeated in a message: it may be the secret. */
export const reference = () =>
  scalar(`a reference to the secret, ${REFERENCE}`, text => {
    if (/^env:[A-Za-z_]\w{0,254}$/.test(text) || /^(file|plain):[^\0]+$/.test(text)) return text
    if (SEALED.test(text)) return text
    if (text.startsWith('env:')) {
      return new Wrong('expected `env:` and the name of a variable: letters, digits and `_`')
    }
    if (text.startsWith('sealed:')) {
      return new Wrong(
        'expected `sealed:` and base64 as `hookwarden seal` prints it: this was cut or changed',
        'seal the secret again: `hookwarden seal --to KEY`',
      )
    }
    return new Wrong(
      `expected a reference to the secret, ${REFERENCE}`,
      'keep the secret itself out of the map: put it into a variable or a file',
    )
  })

/** Until when a secret is tried: the end of a day in UTC, or an instant. */
export const until = () =>
  scalar(
    'a day such as `2026-12-31`, or an instant such as `2026-12-31T18:00:00Z`',
    text => {
      const day = text.length === 10
      const at = Date.parse(day ? `${text}T00:00:00Z` : text)
      // Date.parse rolls the 30th of February over into March
      const real = new Date(`${text.slice(0, 10)}T00:00:00Z`)
      if (Number.isNaN(at) || Number.isNaN(real.getTime())) return new Wrong('no such day or time')
      if (!real.toISOString().startsWith(text.slice(0, 10))) return new Wrong('no such day')
      return day ? at + DAY - 1 : at
    },
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/,
  )
