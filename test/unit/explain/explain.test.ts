import t from 'tap'
import { explain } from '../../../src/explain/explain.ts'
import { FINDINGS, type FindingCode } from '../../../src/explain/findings.ts'
import { MISTAKES } from './mistakes.ts'
import { scene } from './support.ts'

for (const mistake of MISTAKES) {
  const { made, finds, says } = mistake
  t.test(`${[finds].flat().join(' and ')}: ${made}`, async t => {
    const { reason, findings } = explain(scene(mistake))
    t.ok(reason, 'it is refused')
    t.same(
      findings.map(({ code }) => code),
      [finds].flat(),
      'that is found, and nothing else',
    )
    t.match(findings[0]?.detail, says)
  })
}

t.test('every finding has a mistake that leads to it', async t => {
  const found = new Set(MISTAKES.flatMap(({ finds }) => finds))
  const codes = Object.keys(FINDINGS) as FindingCode[]
  t.same(
    codes.filter(code => !found.has(code)),
    [],
  )
})
