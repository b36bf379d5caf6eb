import { Readable } from 'node:stream'
import express, { type Request, type Response } from 'express'
import fc from 'fast-check'
import t from 'tap'
import { formFlaw } from '../../../src/inspect/form.ts'

const flaw = (text: string) => formFlaw(Buffer.from(text))?.reason

t.test('names may nest as senders nest them, and values say what they like', async t => {
  const many = Array.from({ length: 1000 }, (_, i) => `data[merges][f${i}]=1`).join('&')
  for (const text of [
    '',
    'a=1&b=2',
    many,
    `payload=${'%5B'.repeat(10_000)}`,
    `payload=${'['.repeat(10_000)}`,
    `a[b]=${'[x]'.repeat(10_000)}`,
    `${'&'.repeat(5000)}a[b]=1`,
  ]) {
    t.equal(flaw(text), undefined, text.slice(0, 30))
  }
})

t.test(
  'a form that would hold Automatisch up is malformed, however its names are written',
  async t => {
    const wide = (bracket: string) =>
      Array.from({ length: 500 }, (_, i) => `f${i}${bracket.repeat(9)}=1`).join('&')
    for (const text of [
      `a${'[b]'.repeat(5000)}=1`,
      `a${'%5Bb%5D'.repeat(5000)}=1`,
      `a${'%5bb%5d'.repeat(5000)}=1`,
      `a${'[b%5d'.repeat(5000)}=1`,
      `a${'[b]'.repeat(5000)}`,
      `x=1&a${'[b]'.repeat(5000)}=1&y=2`,
      `a=x]=${'[b]'.repeat(10)}&c${'[b]'.repeat(5000)}=1`,
      `a=b${'[c'.repeat(5000)}]=1`,
      `a=b${'[c'.repeat(5000)}%5D=1`,
      wide('[b]'),
      wide('%5Bb%5D'),
    ]) {
      t.equal(flaw(text), 'malformed_body', text.slice(0, 30))
    }
  },
)

t.test('what passes makes a bounded number of objects upstream', async t => {
  const piece = fc.constantFrom(
    ...['a', '[', ']', '[b]', '[]', '[0]', '%5B', '%5D', '%5b', '=', '&', ']=', '%5D=', '%'],
  )
  const repeated = fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 3000 }))
    .map(([pieces, times]) => pieces.join('').repeat(times))
  let passed = 0
  await fc.assert(
    fc.asyncProperty(fc.array(repeated, { minLength: 1, maxLength: 3 }), async texts => {
      const text = texts.join('')
      if (flaw(text) !== undefined) return true
      passed++
      return objectsIn(await parsed(text)) <= 4096 + 2000
    }),
    { numRuns: 100 },
  )
  t.ok(passed > 20, 'the property was about something')
  const most = `a${'[b]'.repeat(4096)}=1`
  t.equal(flaw(most), undefined)
  t.equal(objectsIn(await parsed(most)), 4097, 'and it counts them')
})

const parse = express.urlencoded({ extended: true, limit: '1mb' })

/** What the parser of the upstream makes of it; undefined where it refuses by itself. */
async function parsed(text: string): Promise<unknown> {
  const body = Buffer.from(text)
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': `${body.length}`,
  }
  const request = Object.assign(Readable.from([body]), { headers }) as unknown as Request
  const error = await new Promise(done => parse(request, {} as Response, done))
  return error === undefined ? request.body : undefined
}

function objectsIn(root: unknown): number {
  let found = 0
  const open = [root]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (typeof one !== 'object' || one === null) continue
    found++
    open.push(...Object.values(one))
  }
  return found
}
