import { readFileSync } from 'node:fs'
import t from 'tap'
import { z } from 'zod'
import { generatedFiles } from '../../../src/commands/reference.ts'
import { referencePage } from '../../../src/config/reference.ts'
import { mapSchema } from '../../../src/config/schema.ts'

interface Node {
  readonly [key: string]: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
}

/** Every key of the schema with its path, wherever it is nested. */
function keysOf(node: unknown, path: string): [string, Node, boolean][] {
  if (typeof node !== 'object' || node === null) return []
  const { properties = {}, required = [], ...rest } = node as Node
  const own = Object.entries(properties).flatMap(([key, child]): [string, Node, boolean][] => {
    const at = path === '' ? key : `${path}.${key}`
    return [[at, child, required.includes(key)], ...keysOf(child, at)]
  })
  const deeper = ['items', 'additionalProperties', 'anyOf'].flatMap(key => {
    const inside = rest[key]
    return (Array.isArray(inside) ? inside : [inside]).flatMap(one => keysOf(one, path))
  })
  return [...own, ...deeper]
}

t.test('what is generated is what is committed', async t => {
  for (const [path, text] of generatedFiles()) {
    t.equal(readFileSync(path, 'utf8'), text, `${path}: run \`npm run docs\``)
  }
})

t.test('every key says what it is for, and every default why', async t => {
  const keys = keysOf(z.toJSONSchema(mapSchema, { io: 'input' }), '')
  t.ok(keys.length > 60, 'the walk finds the keys')
  for (const [path, node, required] of keys) {
    t.match(node.description, /\w.*\.$/s, `${path} is described`)
    const scalar = node.properties === undefined && path !== 'upstream' && path !== 'providers'
    if (!required && scalar)
      t.match(node.because, /\w{3}/, `${path} has the reason for its default`)
  }
})

t.test('the page has every key of the example of the design', async t => {
  const page = referencePage()
  const words = readFileSync('test/fixtures/design.yaml', 'utf8')
    .replaceAll(/#.*/g, '')
    .matchAll(/(?<key>[a-z_]+):(?= |$)/gm)
  const names = new Set(['github', 'typeform', 'stripe-live', 'acme-erp', 'live', 'erp'])
  for (const { groups } of words) {
    const key = groups?.key ?? ''
    if (!names.has(key)) t.ok(page.includes(`**\`${key}\`**`), key)
  }
})

t.test('an editor is told what the reader refuses', async t => {
  const schema = JSON.parse(readFileSync('config/hookwarden.schema.json', 'utf8'))
  const { properties } = schema.properties.providers.additionalProperties
  t.equal(schema.additionalProperties, false)
  t.match(properties.limits.properties.deadline.pattern, 'ms|s|m|h|d')
  t.same(properties.mode.enum, ['enforce', 'report', 'off'])
  t.match(properties.mode.description, 'Default: from `defaults`')
})
