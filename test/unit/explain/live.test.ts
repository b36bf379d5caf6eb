import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { FindingCode } from '../../../src/explain/findings.ts'
import { Explainer, type Refused } from '../../../src/explain/live.ts'
import type { Subject } from '../../../src/explain/subject.ts'
import { Head } from '../../../src/head.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { hmac, key, PLAIN, SECRET } from './support.ts'

const BODY = '{"a":1}'

function subject(name: string, secret = `${SECRET}\n`): Subject {
  return { name, scheme: PLAIN, options: {}, keys: [key(secret)], problems: [] }
}

function refused(provider = 'acme', body = BODY): Refused {
  const raw = ['X-Acme-Signature', hmac('sha256', SECRET, body).toString('hex')]
  const head = new Head('POST', '/in/acme', raw)
  return { provider, requestId: 'request-1', reason: 'signature_mismatch', head }
}

function explainer(subjects: readonly Subject[], busy = () => false) {
  const clock = new ManualClock()
  const told: { provider: string; codes: FindingCode[] }[] = []
  const live = new Explainer({
    subjects,
    clock,
    busy,
    tell: ({ provider }, findings) =>
      void told.push({ provider, codes: findings.map(({ code }) => code) }),
  })
  const settle = async () => {
    for (let i = 0; i < 200; i++) await nextTurn()
  }
  const see = (one = refused(), body = BODY) => {
    const witness = live.consider(one)
    witness?.see([Buffer.from(body)], true)
    return witness
  }
  return { live, clock, told, settle, see }
}

t.test('a refusal is explained after its answer, from its body in pieces', async t => {
  const { live, told, settle } = explainer([subject('acme')])
  const witness = live.consider(refused())
  witness?.see([Buffer.from(BODY.slice(0, 3))], false)
  witness?.see([Buffer.from(BODY.slice(3))], false)
  witness?.see([], true)
  t.same(told, [], 'nothing is done at once')
  await settle()
  t.same(told, [{ provider: 'acme', codes: ['secret_newline'] }])
})

t.test('of one provider at most one a second, whatever its others do', async t => {
  const { clock, told, settle, see } = explainer([subject('acme'), subject('other')])
  t.ok(see())
  t.notOk(see(), 'the second is passed over')
  t.ok(see(refused('other')))
  await settle()
  clock.advance(999)
  t.notOk(see())
  clock.advance(1)
  t.ok(see())
  await settle()
  t.same(
    told.map(({ provider }) => provider),
    ['acme', 'other', 'acme'],
  )
})

t.test('where nothing is found the wait doubles, up to a minute', async t => {
  const { clock, settle, see } = explainer([subject('acme', 'another-secret-of-32-characters0')])
  t.ok(see())
  await settle()
  for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
    clock.advance(seconds * 1000 - 1)
    t.notOk(see(), `${seconds} s are not over`)
    clock.advance(1)
    t.ok(see(), `${seconds} s are over`)
    await settle()
  }
})

t.test('of all providers at most two a second', async t => {
  const names = Array.from({ length: 10 }, (_, i) => `p${i}`)
  const { clock, see } = explainer(names.map(name => subject(name)))
  const taken = () => names.filter(name => see(refused(name)) !== undefined).length
  t.equal(taken(), 2)
  clock.advance(1000)
  t.equal(taken(), 2, 'those that waited have their turn, and no more')
})

t.test('a large body, an unknown provider and a busy process are passed over', async t => {
  const { told, settle, see, clock } = explainer([subject('acme')])
  see(refused(), 'x'.repeat(64 * 1024 + 1))
  await settle()
  t.same(told, [])
  clock.advance(1000)
  t.notOk(see(refused('unsigned')))
  t.notOk(explainer([subject('acme')], () => true).see())
})

t.test('a body that never ends keeps nobody else from being explained', async t => {
  const { live, clock, told, settle, see } = explainer([subject('acme')])
  live.consider(refused())?.see([Buffer.from('{')], false)
  clock.advance(1000)
  see()
  await settle()
  t.equal(told.length, 1)
})

t.test('who attacks two providers takes no explanation from a third', async t => {
  const bodies: Record<string, (live: Explainer, provider: string) => void> = {
    'a forgery': (live, provider) =>
      live.consider(refused(provider, 'x'))?.see([Buffer.from('{}')], true),
    'a body that is too large': (live, provider) =>
      live.consider(refused(provider))?.see([Buffer.alloc(64 * 1024 + 1)], true),
    'a body that never ends': (live, provider) =>
      live.consider(refused(provider))?.see([Buffer.from('{')], false),
    'no signature at all': (live, provider) =>
      live
        .consider({ ...refused(provider), head: new Head('POST', '/in/acme', []) })
        ?.see([Buffer.from('{}')], true),
  }
  for (const [what, attack] of Object.entries(bodies)) {
    const { live, clock, settle, see } = explainer(['a', 'b', 'victim'].map(name => subject(name)))
    let granted = 0
    for (let second = 0; second < 60; second++) {
      attack(live, 'a')
      attack(live, 'b')
      if (see(refused('victim')) !== undefined) granted++
      await settle()
      clock.advance(1000)
    }
    t.ok(granted >= 45, `${what}: ${granted} of 60`)
  }
})

t.test('a length that is too large takes no turn', async t => {
  const { live, see } = explainer([subject('acme')])
  const { head, ...rest } = refused()
  const large = new Head('POST', '/in/acme', [...head.raw, 'Content-Length', '65537'])
  t.notOk(live.consider({ ...rest, head: large }))
  t.ok(see())
})

t.test('of bodies that never end a few are kept, and the oldest is let go', async t => {
  const { live, clock, told, settle } = explainer(
    Array.from({ length: 12 }, (_, i) => subject(`p${i}`)),
  )
  const witnesses = Array.from({ length: 12 }, (_, i) => {
    if (i % 2 === 0) clock.advance(1000)
    return live.consider(refused(`p${i}`))
  })
  for (const witness of witnesses) witness?.see([Buffer.from(BODY)], true)
  await settle()
  t.same(told.map(({ provider }) => provider).sort(), [
    'p10',
    'p11',
    'p4',
    'p5',
    'p6',
    'p7',
    'p8',
    'p9',
  ])
})

t.test('after close nothing is told', async t => {
  const { live, told, settle, see } = explainer([subject('acme')])
  see()
  live.close()
  await settle()
  t.same(told, [])
})

t.test('what verifies by the time that it is looked at is not told', async t => {
  const { told, settle, see } = explainer([subject('acme', SECRET)])
  see()
  await settle()
  t.same(told, [])
})
