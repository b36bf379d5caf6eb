import fc from 'fast-check'
import t from 'tap'
import { headOf, type Outgoing } from '../../../src/forward/request.ts'

const HOST = '127.0.0.1:3000'
const REQUEST: Outgoing = { method: 'POST', target: '/a?b', headers: [], body: [], length: 0 }

t.test('a head as it is written', async t => {
  t.equal(
    headOf(
      {
        ...REQUEST,
        headers: ['X-A', 'b', 'X-C', '\xe9'],
        body: [new Uint8Array(3), new Uint8Array(4)],
        length: 7,
      },
      HOST,
      true,
    ),
    'POST /a?b HTTP/1.1\r\nhost: 127.0.0.1:3000\r\nconnection: keep-alive\r\nX-A: b\r\nX-C: \xe9\r\ncontent-length: 7\r\n\r\n',
  )
  t.equal(
    headOf({ ...REQUEST, method: 'GET' }, HOST, false),
    'GET /a?b HTTP/1.1\r\nhost: 127.0.0.1:3000\r\nconnection: close\r\n\r\n',
  )
})

t.test('an empty body is said to be empty where one is expected', async t => {
  for (const [method, said] of [
    ['POST', true],
    ['PUT', true],
    ['PATCH', true],
    ['GET', false],
    ['HEAD', false],
    ['DELETE', false],
  ] as const)
    t.equal(headOf({ ...REQUEST, method }, HOST, true)?.includes('content-length: 0\r\n'), said)
})

t.test('nothing in it ends a line but its own', async t => {
  const evil = fc.constantFrom(
    '\r',
    '\n',
    '\0',
    '\r\n',
    '\r\nX-Evil: 1',
    '\r\n\r\nGET / HTTP/1.1\r\n',
  )
  const around = fc.string({ maxLength: 5 })
  fc.assert(
    fc.property(
      around,
      evil,
      around,
      fc.constantFrom('target', 'name', 'value', 'method'),
      (a, evil, b, where) => {
        const text = `${a}${evil}${b}`
        const request = {
          ...REQUEST,
          ...(where === 'target' && { target: text }),
          ...(where === 'method' && { method: text }),
          ...(where === 'name' && { headers: [text, 'x'] }),
          ...(where === 'value' && { headers: ['X-A', text] }),
        }
        t.equal(headOf(request, HOST, true), undefined, JSON.stringify(text))
      },
    ),
  )
  for (const target of ['/a b', '/a\tb', '', ' /a'])
    t.equal(headOf({ ...REQUEST, target }, HOST, true), undefined)
})

t.test('a body that is not as long as is said is not sent', async t => {
  const body = [new Uint8Array(3), new Uint8Array(4)]
  for (const [length, sent] of [
    [7, true],
    [6, false],
    [8, false],
    [0, false],
  ] as const)
    t.equal(headOf({ ...REQUEST, body, length }, HOST, true) !== undefined, sent, `${length}`)
})
