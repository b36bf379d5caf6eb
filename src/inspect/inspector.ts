import type { Bytes } from '../units.ts'
import { type Flaw, malformed } from './flaw.ts'
import { formFlaw } from './form.ts'
import { type InflatedCoding, Inflater } from './inflate.ts'
import { readForm } from './multipart.ts'
import { readsTheSame } from './second-opinion.ts'

/** A body as Automatisch would get it. */
export interface Inspected {
  /** Lower case, without parameters: what Automatisch takes it for. */
  readonly type: string
  /** Value of Content-Type as received. */
  readonly contentType: string
  readonly coding: InflatedCoding | undefined
  readonly body: readonly Uint8Array[]
  /** What it may inflate to. */
  readonly most: Bytes
}

const UNLIKE = malformed('two parsers read the parts differently')

/** Looks for what would end Automatisch, or hold it up, and not merely be refused by it. */
export class Inspector {
  readonly #inflater = new Inflater()

  /** Undefined where nothing stands against it. What is not compressed and not in parts is judged at once. */
  inspect(what: Inspected): Promise<Flaw | undefined> | Flaw | undefined {
    const { type, coding, body } = what
    if (coding !== undefined) return this.#inflated(what, coding)
    if (type === 'application/x-www-form-urlencoded') return formFlaw(joined(body))
    return type === 'multipart/form-data' ? inParts(what) : undefined
  }

  async #inflated({ type, body, most }: Inspected, coding: InflatedCoding) {
    const plain = await this.#inflater.inflate(coding, joined(body), most)
    if ('reason' in plain) return plain
    return type === 'application/x-www-form-urlencoded' ? formFlaw(plain) : undefined
  }
}

async function inParts({ contentType, body }: Inspected): Promise<Flaw | undefined> {
  const bytes = joined(body)
  const fields = readForm(contentType, bytes)
  if ('reason' in fields) return fields
  return (await readsTheSame(contentType, bytes, fields)) ? undefined : UNLIKE
}

function joined(body: readonly Uint8Array[]): Buffer {
  const [first] = body
  if (body.length !== 1 || first === undefined) return Buffer.concat(body)
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength)
}
