import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Delivery as Arrived } from '../support/automatisch.ts'
import { deliveriesAt } from './deliveries.ts'
import { complaints, type Result } from './judgement.ts'

const DEMO = fileURLToPath(new URL('demo.ts', import.meta.url))

/** Runs the demo as a person does and gives its exit code and what it wrote. */
function run(...args: string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [DEMO, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
    }
    child.once('close', code => resolve({ code, text }))
  })
}

t.test(
  'the demo delivers what is genuine, refuses what is not, and notices the difference',
  async t => {
    const [once, broken, unknown] = await Promise.all([
      run('--once'),
      run('--once', '--break=verify'),
      run('--break=everything'),
    ])
    t.equal(once.code, 0, once.text)
    t.match(once.text, /14 deliveries, 0 complaints/)
    t.equal(broken.code, 1, broken.text)
    for (const provider of ['github', 'typeform', 'stripe', 'slack']) {
      t.match(broken.text, `WRONG  ${provider}, forged body: reached the upstream`)
      t.match(broken.text, `WRONG  ${provider}, forged signature: was answered 204, not 401`)
    }
    t.equal(unknown.code, 2, unknown.text)
  },
)

t.test('the demo complains about what no delivery explains', async t => {
  const [delivery] = deliveriesAt(0)
  if (delivery === undefined) throw new Error('the demo sends nothing')
  const fine: Result = { delivery, status: 204, reasons: [], arrived: true }
  const moves = new Map([
    ['hookwarden_requests_total{provider="github",outcome="accepted"}', 1],
    ['hookwarden_verified_total{secret="current",provider="github"}', 1],
  ])
  const arrived: Arrived = {
    method: 'POST',
    url: '/',
    headers: [],
    sha256: '3a9b7ba2ed03dd9c3ef6b4a76b2d7b0fa5e6b1f6fd01b0d2a43ae8e6cd47b4a8',
    bytes: 0,
  }
  t.same(
    complaints([fine], [arrived], moves),
    ['the upstream saw 1 bodies, not the 1 genuine ones byte for byte'],
    'another body arrived',
  )
  const stray = 'hookwarden_rejections_total{mode="enforce",provider="none",reason="no_route"}'
  t.match(
    complaints([fine], [], new Map([...moves, [stray, 1]])).at(-1),
    `${stray} moved by 1, not by 0`,
  )
  t.match(complaints([fine], [], new Map()).length, 3, 'nothing was counted')
  t.match(
    complaints([{ ...fine, status: 200 }], [], moves)[0],
    'github, genuine: was answered 200, not 204',
  )
})
