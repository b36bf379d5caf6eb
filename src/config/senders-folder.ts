import { dirname, isAbsolute, join } from 'node:path'
import { isKeyed, type Reading, readDocument } from './document.ts'
import type { MapFiles } from './files.ts'
import { Report } from './report.ts'
import { MapText } from './text.ts'

/** A map with what the files of its folder add to it. */
export interface Whole {
  /** Keys and values of all of them. */
  readonly value: unknown
  readonly report: Report
}

const ENDS = /\.ya?ml$/

/** Reads the files of `providers_dir`, each the entry of one provider that has the name of the file. */
export function withSenders(map: MapText, files: MapFiles | undefined): Whole {
  const { value } = map.reading
  const folder = isKeyed(value) ? value.providers_dir : undefined
  if (!isKeyed(value) || typeof folder !== 'string' || folder === '' || files === undefined)
    return { value, report: new Report({ map, senders: new Map() }, value) }
  const own = isKeyed(value.providers) ? value.providers : undefined
  const path = isAbsolute(folder) ? folder : join(dirname(map.file), folder)
  const read = listed(path, files)
  const senders = new Map<string, MapText>()
  const doubles: { readonly text: MapText; readonly first: string }[] = []
  const entries: Record<string, unknown> = Object.assign(Object.create(null), own)
  for (const name of read.names.filter(one => ENDS.test(one) && !one.startsWith('.'))) {
    const sender = name.replace(ENDS, '')
    const text = readSender(join(path, name), sender, files)
    const before =
      senders.get(sender)?.file ?? (own && sender in own ? lineOf(map, sender) : undefined)
    if (before !== undefined) doubles.push({ text, first: before })
    else {
      senders.set(sender, text)
      // one that is none is told below, once
      if (isKeyed(text.reading.value)) entries[sender] = text.reading.value
    }
  }
  const whole =
    own === undefined && value.providers !== undefined ? value : { ...value, providers: entries }
  const report = new Report({ map, senders }, whole)
  if (read.problem !== undefined)
    report.at(['providers_dir'], { message: `cannot read ${path} (${read.problem})` })
  for (const { text, first } of doubles) {
    const message = `the provider of this file is in ${first} already: a name belongs to one sender`
    report.ofFile(text, { message, fix: 'rename the file, or remove one of the two' })
  }
  for (const text of senders.values()) {
    if (text.reading.flaws.some(({ fatal }) => fatal) || isKeyed(text.reading.value)) continue
    const message = 'the file is to hold the keys of one provider, such as `secret` and `flows`'
    report.ofFile(text, { message })
  }
  return { value: whole, report }
}

function listed(
  path: string,
  files: MapFiles,
): { readonly names: readonly string[]; readonly problem?: string } {
  try {
    return { names: files.list(path) }
  } catch (error) {
    return { names: [], problem: codeOf(error) }
  }
}

/** A file that cannot be read is an issue of that file. */
function readSender(file: string, name: string, files: MapFiles): MapText {
  const above = ['providers', name]
  try {
    const text = Buffer.from(files.readFile(file)).toString()
    return new MapText(file, text, readDocument(text), above)
  } catch (error) {
    const empty = readDocument('')
    const message = `cannot be read (${codeOf(error)})`
    const reading: Reading = {
      ...empty,
      flaws: [{ offset: 0, path: [], message, fatal: true }],
    }
    return new MapText(file, '', reading, above)
  }
}

function lineOf(map: MapText, name: string): string {
  return `line ${map.lineOf(['providers', name])} of ${map.file}`
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'it failed'
}
