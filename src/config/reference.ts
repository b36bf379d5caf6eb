import * as z from 'zod'
import { GUIDE } from './guide.ts'
import { mapSchema } from './schema.ts'

/** A JSON Schema with the notes of our keys. */
interface Node {
  readonly type?: string
  readonly description?: string
  readonly because?: string
  readonly otherwise?: string
  readonly form?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Node[]
  readonly items?: Node
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node | false
  readonly required?: readonly string[]
}

/** The map's JSON Schema, for editors: our notes are folded into the descriptions. */
export function editorSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(mapSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      const text = describe(jsonSchema as Node)
      if (text !== '') jsonSchema.description = text
      for (const note of ['because', 'otherwise', 'form']) delete jsonSchema[note]
    },
  })
  return { ...schema, title: 'Hookwarden provider map' }
}

/** The reference page: every key with what it is for, its default and the reason. */
export function referencePage(): string {
  // zod's own type says nothing about the notes that `meta` adds
  const schema = z.toJSONSchema(mapSchema, { io: 'input' }) as Node
  return `${GUIDE}\n${sections('', schema).join('\n')}`
}

function describe(node: Node): string {
  const { description = '' } = node
  const usual = defaultOf(node)
  return usual === undefined ? description : `${description} Default: ${usual}.`.trim()
}

function defaultOf(node: Node): string | undefined {
  if (node.because === undefined) return undefined
  return `${node.otherwise ?? `\`${literal(node.default)}\``} (${node.because})`
}

function literal(value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  return value.length === 0 ? '[]' : `[${value.join(', ')}]`
}

function sections(path: string, node: Node): string[] {
  const own: string[] = []
  const deeper: string[] = []
  for (const alternative of node.anyOf ?? [node]) {
    if (own.length > 0 && alternative.properties !== undefined) own.push('\nor, in their place:\n')
    for (const [key, child] of Object.entries(alternative.properties ?? {})) {
      own.push(line(key, child, alternative.required?.includes(key) ?? false))
      deeper.push(...below(path === '' ? key : `${path}.${key}`, child))
    }
  }
  if (own.length === 0) return deeper
  const title = path === '' ? '## Keys at the top' : `## \`${path}\``
  return [`${title}\n`, ...own, '', ...deeper]
}

/** Sections of what a key holds: its own keys, those of its entries, those of any name. */
function below(path: string, node: Node): string[] {
  return (node.anyOf ?? [node])
    .flatMap(alternative => {
      if (alternative.items !== undefined) return sections(`${path}[]`, alternative.items)
      if (alternative.additionalProperties) {
        return sections(`${path}.<name>`, alternative.additionalProperties)
      }
      return []
    })
    .concat(sections(path, node))
}

function line(key: string, node: Node, required: boolean): string {
  const form = formOf(node)
  const usual = defaultOf(node)
  let end = required ? ' **Required.**' : ''
  if (usual !== undefined) end = ` Default: ${usual}.`
  return `- **\`${key}\`**${form === undefined ? '' : ` (${form})`}: ${node.description ?? ''}${end}`
}

/** What a key takes, in words; undefined where its keys are listed below. */
function formOf(node: Node): string | undefined {
  if (node.form !== undefined) return node.form
  if (node.const !== undefined) return `\`${node.const}\``
  if (node.enum !== undefined) return node.enum.map(word => `\`${word}\``).join(', ')
  if (node.anyOf !== undefined)
    return [...new Set(node.anyOf.map(one => formOf(one) ?? 'keys'))].join(', or ')
  switch (node.type) {
    case 'array':
      return `list, each ${formOf(node.items ?? {}) ?? 'with keys'}`
    case 'integer':
      return 'whole number'
    case 'boolean':
      return '`true` or `false`'
    case 'string':
      return 'text'
    default:
      return undefined
  }
}
