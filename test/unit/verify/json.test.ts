import fc from 'fast-check'
import t from 'tap'
import { REPEATED } from '../../../src/head.ts'
import { type JsonFields, jsonTree, readJson } from '../../../src/verify/json.ts'

const tree = (...paths: string[]) => jsonTree(paths.map(path => ({ path, steps: path.split('.') })))

function fields(text: string, ...paths: string[]): JsonFields | typeof REPEATED | undefined {
  return readJson(text, tree(...paths))
}

/** What one field comes to; the reason where the text cannot be read at all. */
function field(text: string, path: string): string | typeof REPEATED | undefined {
  const found = fields(text, path)
  if (found === undefined) return 'no JSON'
  return found === REPEATED ? REPEATED : found.text(path)
}

t.test('a field comes as its sender wrote it', async t => {
  const rows: [string, string, string | typeof REPEATED | undefined][] = [
    ['{"a":"x"}', 'a', 'x'],
    [' { "a" : "x" } \r\n\t', 'a', 'x'],
    ['{"a":""}', 'a', ''],
    ['{"a":1130}', 'a', '1130'],
    ['{"a":-0}', 'a', '-0'],
    ['{"a":1.50}', 'a', '1.50'],
    ['{"a":1E+3}', 'a', '1E+3'],
    ['{"a":123456789012345678901234567890}', 'a', '123456789012345678901234567890'],
    ['{"a":true}', 'a', 'true'],
    ['{"a":false}', 'a', 'false'],
    ['{"a":null}', 'a', undefined],
    ['{"b":"x"}', 'a', undefined],
    ['{}', 'a', undefined],
    ['{"a":{"b":"x"}}', 'a.b', 'x'],
    ['{"a":"x"}', 'a.b', undefined],
    ['{"a":[{"b":"x"}]}', 'a.b', undefined],
    ['{"a.b":"x"}', 'a.b', undefined],
    ['{"a":{}}', 'a', REPEATED],
    ['{"a":[]}', 'a', REPEATED],
    ['{"\\u0061":"x"}', 'a', 'x'],
    ['{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041"}', 'a', '"\\/\b\f\n\r\tA'],
    ['{"a":"\u00e9\u20ac"}', 'a', '\u00c3\u00a9\u00e2\u0082\u00ac'],
    ['{"a":"\\ud83d\\ude00"}', 'a', '\u00f0\u009f\u0098\u0080'],
    ['{"a":"\\ud83d"}', 'a', REPEATED],
    ['{"__proto__":"x"}', '__proto__', 'x'],
    ['{"__proto__":{"a":"x"}}', 'a', undefined],
    ['{"b":1}', '__proto__', undefined],
    ['{"b":1}', 'constructor', undefined],
    ['{"constructor":{"name":"x"}}', 'constructor.name', 'x'],
    ['{"toString":"x"}', 'toString', 'x'],
  ]
  for (const [text, path, expected] of rows)
    t.equal(field(text, path), expected, `${path}: ${text}`)
})

t.test('a name that leads to a field must not come twice in its object', async t => {
  const rows: [string, boolean][] = [
    ['{"a":{"b":1},"a":{"b":1}}', true],
    ['{"a":{"b":1,"b":1}}', true],
    ['{"a":{"b":1,"\\u0062":2}}', true],
    ['{"a":{"b":1},"\\u0061":null}', true],
    ['{"a":1,"a":{"b":1}}', true],
    ['{"a":{"b":1,"c":1,"c":2},"d":1,"d":2}', false],
    ['{"a":{"b":1},"b":2,"b":3}', false],
    ['{"x":{"a":{"b":1}},"y":{"a":{"b":1}},"a":{"b":1}}', false],
    ['{"x":[{"a":1,"a":1}],"a":{"b":1}}', false],
  ]
  for (const [text, repeated] of rows) {
    t.equal(fields(text, 'a.b') === REPEATED, repeated, text)
  }
  const twice = fields('{"a":{"x":1},"a":{"y":1}}', 'a.x', 'a.y')
  t.equal(twice, REPEATED, 'halves of two objects are not put together')
})

t.test('what is no JSON object is told from one', async t => {
  const broken = [
    ...['', ' ', '[]', '1', '"a"', 'null', 'x', '{', '}', '{}}', '{}{}', '{} x', '\ufeff{}'],
    ...['{"a"}', '{"a":}', '{"a":1,}', '{,}', '{a:1}', "{'a':1}", '{"a":1 "b":2}', '{"a":1;}'],
    ...['{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":1e}', '{"a":0x1}', '{"a":-}'],
    ...['{"a":NaN}', '{"a":Infinity}', '{"a":True}', '{"a":tru}', '{"a":nul}', '{"a":truefalse}'],
    ...['{"a":"}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"\n"}', '{"a":"\t"}', '{"a":"\u0000"}'],
    ...['{"a":[1,]}', '{"a":[,1]}', '{"a":[1 2]}', '{"a":[}', '{"a":(1)}', '{"a":1}//', '{/**/}'],
    ...['{"a":1\u00a0}', '{"a":\u000b1}', '{"a\\":1}', '{"":1,}'],
  ]
  for (const text of broken) {
    t.equal(fields(text, 'a'), undefined, JSON.stringify(text))
    t.throws(() => {
      const value: unknown = JSON.parse(text)
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error()
    }, text)
  }
})

t.test('it takes and refuses exactly what the platform does', async t => {
  const piece = fc.constantFrom(
    ...'{}[]:,"\\ \n-+.eE01'.split(''),
    ...[
      'true',
      'false',
      'null',
      '"a"',
      '"\\u0061"',
      '{"a":',
      '1.5e3',
      '\\ud800',
      '"b":[',
      '\u00e9',
    ],
  )
  const text = fc.oneof(
    fc.json(),
    fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join('')),
    fc.tuple(fc.json(), fc.nat(), piece).map(([json, at, put]) => {
      const cut = at % (json.length + 1)
      return json.slice(0, cut) + put + json.slice(cut + (at % 3))
    }),
  )
  fc.assert(
    fc.property(text, text => {
      const wrapped = `{"x":${text}}`
      return isObject(wrapped) === (fields(wrapped, 'a') !== undefined)
    }),
    { numRuns: 3_000 },
  )
  t.pass('no counter-example')
})

t.test('it finds what the platform finds', async t => {
  const names = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'a.b', '\u00e9', '"')
  const { tree: value } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(names, tie('tree')),
    ),
  }))
  fc.assert(
    fc.property(value, names, names, (inner, first, second) => {
      const text = JSON.stringify({ a: inner })
      const path = [first, second]
      const found = readJson(text, jsonTree([{ path: 'p', steps: path }]))
      const expected = path.reduce<unknown>(
        (at, name) => (isKeyed(at) && Object.hasOwn(at, name) ? at[name] : undefined),
        JSON.parse(text),
      )
      if (found === undefined || found === REPEATED) return false
      if (expected === undefined || expected === null) return found.text('p') === undefined
      if (typeof expected === 'object') return found.text('p') === REPEATED
      const wellFormed = String(expected).isWellFormed()
      const bytes = Buffer.from(String(expected)).toString('latin1')
      if (typeof expected === 'number') return Number(found.text('p')) === expected
      return found.text('p') === (wellFormed ? bytes : REPEATED)
    }),
    { numRuns: 300 },
  )
  t.pass('no counter-example')
})

t.test('the elements of a list are read each for itself', async t => {
  const elements = (text: string) => {
    const found = fields(text, 'list')
    if (found === undefined || found === REPEATED) throw new Error(text)
    return [...found.elements('list', tree('a', 'b.c'))]
  }
  const [first, second, third] = elements('{"list":[{"a":1},{"b":{"c":2}},3]}').filter(
    element => element !== REPEATED,
  )
  t.same([first?.text('a'), first?.text('b.c')], ['1', undefined])
  t.same([second?.text('a'), second?.text('b.c')], [undefined, '2'])
  t.same([third?.text('a')], [undefined])
  t.same(elements('{"list":[]}'), [])
  t.same(elements('{"list":{}}'), [])
  t.same(elements('{}'), [])
  t.equal(elements('{"list":[{"a":1},{"a":1,"a":2}]}')[1], REPEATED)
})

t.test('a list of texts is all texts', async t => {
  const texts = (text: string) => {
    const found = fields(text, 'aud')
    return found === undefined || found === REPEATED ? undefined : found.texts('aud')
  }
  t.same(texts('{"aud":["a","\\u0062",1]}'), ['a', 'b', '1'])
  t.same(texts('{"aud":[]}'), [])
  t.equal(texts(`{"aud":[${'1,'.repeat(31)}1]}`)?.length, 32)
  t.equal(texts(`{"aud":[${'1,'.repeat(32)}1]}`), undefined)
  t.equal(texts('{"aud":["a",{}]}'), undefined)
  t.equal(texts('{"aud":["a",null]}'), undefined)
  t.equal(texts('{"aud":"a"}'), undefined)
})

t.test('nesting ends at 128 levels, and size costs no more than its length', async t => {
  const nested = (open: string, close: string, depth: number) =>
    `{"x":${open.repeat(depth)}1${close.repeat(depth)},"a":"y"}`
  t.equal(field(nested('[', ']', 127), 'a'), 'y')
  t.equal(field(nested('[', ']', 128), 'a'), 'no JSON')
  t.equal(field(nested('{"x":', '}', 127), 'a'), 'y')
  t.equal(field(nested('{"x":', '}', 128), 'a'), 'no JSON')
  const million = 1_000_000
  t.equal(field(nested('[', ']', million / 2), 'a'), 'no JSON')
  const huge: [string, string][] = [
    [`{"x":${'['.repeat(million)}`, 'no JSON'],
    [`{"x":[${'1,'.repeat(million)}1],"a":"y"}`, 'y'],
    [`{"x":[${'{},'.repeat(million / 3)}1],"a":"y"}`, 'y'],
    [`{${'"x":1,'.repeat(million / 6)}"a":"y"}`, 'y'],
    [`{"x":"${'\\u0061'.repeat(million / 6)}","a":"y"}`, 'y'],
    [`{"x":${'1'.repeat(million)},"a":"y"}`, 'y'],
    [`{"x":"${' '.repeat(million)}","a":"y"}`, 'y'],
    [`{"x":1,${' '.repeat(million)}"a":"y"}`, 'y'],
    [`{"x":"${'\\'.repeat(million)}`, 'no JSON'],
    [`{"x":"${'a'.repeat(million)}`, 'no JSON'],
  ]
  for (const [text, expected] of huge) t.equal(field(text, 'a'), expected, text.slice(0, 20))
  const long = 'z'.repeat(million)
  t.equal(field(`{"a":"${long}"}`, 'a'), long)
})

function isKeyed(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isObject(text: string): boolean {
  try {
    return isKeyed(JSON.parse(text))
  } catch {
    return false
  }
}
