import { Head } from '../head.ts'

/** A request that is being signed. Text is latin-1, one character for each byte. */
export interface Request {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** The same while it is filled in. */
export class Draft {
  readonly method: string
  target: string
  body: Uint8Array
  readonly #headers: (readonly [string, string])[]

  constructor({ method, target, headers, body }: Request) {
    this.method = method
    this.target = target
    this.#headers = [...headers]
    this.body = body
  }

  get head(): Head {
    return new Head(this.method, this.target, this.#headers.flat())
  }

  get request(): Request {
    const { method, target, body } = this
    return { method, target, headers: this.#headers, body }
  }

  addHeader(name: string, value: string): void {
    this.#headers.push([name, value])
  }

  /** In place of one that is there. */
  setHeader(name: string, value: string): void {
    const kept = this.#headers.filter(([one]) => one.toLowerCase() !== name.toLowerCase())
    this.#headers.splice(0, this.#headers.length, ...kept, [name, value])
  }

  addQuery(name: string, value: string): void {
    this.target += `${this.target.includes('?') ? '&' : '?'}${escaped(name)}=${escaped(value)}`
  }

  /** Sets a field of a form, in place of one that is there. */
  setForm(name: string, value: string): void {
    const text = Buffer.from(this.body).toString('latin1')
    const kept = text
      .split('&')
      .filter(pair => pair !== '' && !pair.startsWith(`${escaped(name)}=`))
    const pairs = [...kept, `${escaped(name)}=${escaped(value)}`]
    this.body = Buffer.from(pairs.join('&'), 'latin1')
  }

  /** Sets a field of a JSON object, objects on the way to it included. False where the body is none. */
  setJson(steps: readonly string[], value: string | number): boolean {
    const root = objectOf(this.body)
    if (root === undefined || !setField(root, steps, value)) return false
    this.body = Buffer.from(JSON.stringify(root))
    return true
  }
}

/** The JSON object that a body is; undefined where it is none. */
export function objectOf(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a field below an object; false where something else stands in the way. */
export function setField(
  root: Record<string, unknown>,
  steps: readonly string[],
  value: string | number,
): boolean {
  let at = root
  for (const step of steps.slice(0, -1)) {
    const below = Object.hasOwn(at, step) ? at[step] : {}
    if (!isObject(below)) return false
    define(at, step, below)
    at = below
  }
  define(at, steps.at(-1) ?? '', value)
  return true
}

/** Names such as `__proto__` are fields like any other. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/** As form data, everything escaped but letters, digits and `-_.~`. */
function escaped(text: string): string {
  return text.replace(/[^A-Za-z0-9\-_.~]/g, char => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}
