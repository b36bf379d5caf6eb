import t, { type Test } from 'tap'
import { Errands } from '../../../src/errands/errands.ts'
import type { Got, Limits } from '../../../src/errands/get.ts'
import { fixed } from '../../../src/verify/told.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { rsaCertificate } from './certificates.ts'

const HOST = 'https://sns.eu-central-1.amazonaws.com'
const urlOf = (name: string | number) => `${HOST}/${name}.pem`
const DAY = 86_400_000

interface Asked {
  readonly url: string
  readonly limits: Limits
  answer(status: number, body?: string): Promise<void>
  fail(why: string): Promise<void>
}

/** Errands whose hosts answer by hand. */
function subject(t: Test) {
  const clock = new ManualClock()
  const asked: Asked[] = []
  const failed: string[] = []
  const errands = new Errands({
    clock,
    failed: (url, why) => failed.push(`${url}: ${why}`),
    get: (url, limits) =>
      new Promise<Got>((resolve, reject) => {
        limits.signal.addEventListener('abort', () => reject(limits.signal.reason))
        asked.push({
          url,
          limits,
          answer: async (status, body = '') => {
            resolve({ status, body: Buffer.from(body) })
            await turns()
          },
          fail: async why => {
            reject(new Error(why))
            await turns()
          },
        })
      }),
  })
  t.teardown(() => errands.close())
  return { clock, asked, failed, errands }
}

/** Lets everything that is settled be told. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

/** Whether a promise is settled. */
function settled(promise: Promise<unknown>): () => boolean {
  let is = false
  void promise.then(() => {
    is = true
  })
  return () => is
}

t.test('a certificate is fetched once and remembered for a day at most', async t => {
  const { cert } = await rsaCertificate()
  const { clock, asked, failed, errands } = subject(t)
  const url = urlOf('a')
  t.equal(errands.at(url), undefined)
  const [one, other] = [settled(errands.certificate(url)), settled(errands.certificate(url))]
  await turns()
  t.equal(asked.length, 1, 'who comes meanwhile joins')
  t.equal(asked[0]?.limits.most, 16 * 1024)
  t.notOk(one())
  await asked[0]?.answer(200, cert)
  t.ok(one() && other())
  const known = errands.at(url)
  t.match(known, { pem: /^-----BEGIN CERTIFICATE-----/ })
  clock.advance(DAY - 1)
  t.equal(errands.at(url), known, 'one object while it is kept')
  t.notOk(errands.due(url))
  clock.advance(1)
  t.ok(errands.due(url))
  void errands.certificate(url)
  await turns()
  t.equal(asked.length, 2)
  t.same(failed, [])
})

t.test('it is remembered no longer than it is valid', async t => {
  const { clock, asked, failed, errands } = subject(t)
  const wall = clock.wall()
  const ofFuture = await rsaCertificate(new Date(wall + 60_000), new Date(wall + DAY))
  const short = await rsaCertificate(new Date(wall - DAY), new Date(wall + 60_000))
  const old = await rsaCertificate(new Date(wall - DAY), new Date(wall - 1000))
  for (const [name, { cert }] of Object.entries({ ofFuture, short, old })) {
    void errands.certificate(urlOf(name))
    await turns()
    await asked.at(-1)?.answer(200, cert)
  }
  t.match(errands.at(urlOf('short')), { pem: String })
  t.equal(errands.at(urlOf('old')), 'unavailable')
  t.equal(errands.at(urlOf('ofFuture')), 'unavailable')
  t.same(failed, [
    `${urlOf('ofFuture')}: it is not valid now`,
    `${urlOf('old')}: it is not valid now`,
  ])
  clock.advance(60_000)
  t.equal(errands.at(urlOf('short')), undefined)
})

t.test('what is not there, and what cannot be had, is told apart and forgotten soon', async t => {
  const { clock, asked, failed, errands } = subject(t)
  const learn = async (name: string, status: number, body?: string) => {
    void errands.certificate(urlOf(name))
    await turns()
    await asked.at(-1)?.answer(status, body)
    return errands.at(urlOf(name))
  }
  for (const status of [403, 404, 410]) t.equal(await learn(`a${status}`, status), 'absent')
  for (const status of [301, 429, 500]) t.equal(await learn(`b${status}`, status), 'unavailable')
  t.equal(await learn('c', 200, 'no certificate'), 'unavailable')
  void errands.certificate(urlOf('d'))
  await turns()
  await asked.at(-1)?.fail('ECONNREFUSED')
  t.equal(errands.at(urlOf('d')), 'unavailable')
  t.same(failed, [
    ...[301, 429, 500].map(status => `${urlOf(`b${status}`)}: it was answered with ${status}`),
    `${urlOf('c')}: what came is no certificate`,
    `${urlOf('d')}: ECONNREFUSED`,
  ])
  clock.advance(5000)
  t.equal(errands.at(urlOf('d')), undefined)
  t.equal(errands.at(urlOf('a404')), 'absent')
  clock.advance(55_000)
  t.equal(errands.at(urlOf('a404')), undefined)
})

t.test('an older certificate serves while it is asked for again, until its own end', async t => {
  const { clock, asked, errands } = subject(t)
  const wall = clock.wall()
  const { cert } = await rsaCertificate(new Date(wall - DAY), new Date(wall + 2 * DAY))
  const url = urlOf('a')
  void errands.certificate(url)
  await turns()
  await asked[0]?.answer(200, cert)
  const known = errands.at(url)
  clock.advance(DAY)
  const again = settled(errands.certificate(url))
  await turns()
  t.ok(again(), 'nobody waits for it')
  t.equal(asked.length, 2)
  t.equal(errands.at(url), known)
  await asked[1]?.answer(500)
  t.equal(errands.at(url), known, 'nor does a failure end it')
  t.notOk(errands.due(url), 'which is not repeated at once')
  clock.advance(5000)
  t.ok(errands.due(url))
  clock.advance(DAY - 5000)
  t.equal(errands.at(url), undefined, 'its end does')
  void errands.certificate(url)
  await turns()
  await asked[2]?.answer(500)
  t.equal(errands.at(url), 'unavailable')
})

t.test('a certificate that its host has no more is believed no more', async t => {
  const { cert } = await rsaCertificate()
  const { clock, asked, errands } = subject(t)
  void errands.certificate(urlOf('a'))
  await turns()
  await asked[0]?.answer(200, cert)
  clock.advance(DAY)
  void errands.certificate(urlOf('a'))
  await turns()
  await asked[1]?.answer(404)
  t.equal(errands.at(urlOf('a')), 'absent')
})

t.test('who makes names up keeps neither a certificate nor what is proven waiting', async t => {
  const { clock, asked, errands } = subject(t)
  const wall = clock.wall()
  const { cert } = await rsaCertificate(new Date(wall - DAY), new Date(wall + DAY))
  void errands.certificate(urlOf('mine'))
  await turns()
  await asked[0]?.answer(200, cert)
  clock.advance(DAY)
  for (let i = 0; i < 100; i++) void errands.certificate(urlOf(i))
  await turns()
  t.equal(asked.length, 2)
  const answer = fixed(200)
  const run = errands.run({ visit: `${HOST}/?Token=secret`, answer })
  await turns()
  await asked[2]?.answer(200)
  t.equal(await run, answer, 'a confirmation has its turn at once')
  void errands.certificate(urlOf('mine'))
  await turns()
  t.equal(asked[3]?.url, urlOf('mine'), 'and so has what was there once, though it has ended')
})

t.test('eight wait for certificates, whichever they wait for', async t => {
  const { cert } = await rsaCertificate()
  const { asked, errands } = subject(t)
  const waits = Array.from({ length: 100 }, () => settled(errands.certificate(urlOf('a'))))
  await turns()
  t.equal(asked.length, 1)
  t.equal(settledCount(waits), 92)
  t.notOk(waits[7]?.())
  await asked[0]?.answer(200, cert)
  t.equal(settledCount(waits), 100)
  const later = settled(errands.certificate(urlOf('b')))
  await turns()
  t.notOk(later(), 'and later others')
})

t.test('one at a time, a few waiting, and none of them longer than patience', async t => {
  const { clock, asked, failed, errands } = subject(t)
  const waits = Array.from({ length: 9 }, (_, i) => settled(errands.certificate(urlOf(i))))
  await turns()
  t.equal(asked.length, 1, 'one is under way')
  t.ok(waits[4]?.(), 'the fifth is not taken')
  t.equal(errands.at(urlOf(4)), undefined)
  clock.advance(3000)
  await turns()
  t.equal(asked.length, 2, 'the first was given up, the second has its turn')
  t.ok(asked[0]?.limits.signal.aborted)
  t.equal(errands.at(urlOf(0)), 'unavailable')
  t.same(failed, [`${urlOf(0)}: too late`])
  t.ok(waits[0]?.())
  t.notOk(waits[3]?.())
  clock.advance(3000)
  await turns()
  t.ok(
    waits.every(is => is()),
    'after six seconds nobody waits',
  )
  t.same(settledCount(waits), 9)
})

const settledCount = (waits: readonly (() => boolean)[]) => waits.filter(is => is()).length

t.test('nobody pushes out a certificate by asking for what is not there', async t => {
  const { cert } = await rsaCertificate()
  const { asked, errands } = subject(t)
  const learn = async (name: string, status: number, body = '') => {
    void errands.certificate(urlOf(name))
    await turns()
    await asked.at(-1)?.answer(status, body)
  }
  await learn('mine', 200, cert)
  for (let i = 0; i < 200; i++) await learn(`x${i}`, 404)
  t.match(errands.at(urlOf('mine')), { pem: String })
  t.equal(errands.at(urlOf('x0')), undefined, 'forgotten for others')
  t.equal(errands.at(urlOf('x199')), 'absent')
})

t.test('an errand for an answer comes back with it, or with the reason', async t => {
  const { clock, asked, failed, errands } = subject(t)
  const answer = fixed(200)
  const run = () => errands.run({ visit: `${HOST}/?Token=secret`, answer })
  const good = run()
  await turns()
  await asked[0]?.answer(200, '<xml/>')
  t.equal(await good, answer)
  const refused = run()
  await turns()
  await asked[1]?.answer(400)
  t.equal(await refused, 'sender_unavailable')
  const silent = run()
  await turns()
  clock.advance(3000)
  t.equal(await silent, 'sender_unavailable')
  t.same(failed, [`${HOST}/: it was answered with 400`, `${HOST}/: too late`], 'without the token')
})

t.test('nothing is told of what ends with the process', async t => {
  const { failed, errands } = subject(t)
  const waiting = errands.certificate(urlOf('a'))
  await turns()
  errands.close()
  await waiting
  t.same(failed, [])
})
