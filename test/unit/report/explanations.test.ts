import t from 'tap'
import { ANYBODYS } from '../../../src/explain/findings.ts'
import { Explanations } from '../../../src/report/explanations.ts'

t.test(
  'a cause is counted under its provider, and what anybody can bring about exists from the start',
  async t => {
    const counts = new Explanations(['github', 'stripe'])
    counts.count('github', 'clock_off')
    counts.count('github', 'clock_off')
    counts.count('nobody', 'clock_off')
    t.same(
      [...counts],
      [
        { provider: 'github', finding: 'unexplained', value: 0 },
        { provider: 'github', finding: 'header_missing', value: 0 },
        { provider: 'github', finding: 'wrong_preset', value: 0 },
        { provider: 'github', finding: 'clock_off', value: 2 },
        { provider: 'stripe', finding: 'unexplained', value: 0 },
        { provider: 'stripe', finding: 'header_missing', value: 0 },
        { provider: 'stripe', finding: 'wrong_preset', value: 0 },
      ],
    )
  },
)

t.test('few causes are told apart for each provider, and none is lost', async t => {
  const counts = new Explanations(['github'])
  for (const finding of ['a', 'b', 'c', 'd', 'e', 'a', 'unexplained'])
    counts.count('github', finding)
  t.same(
    [...counts].map(({ finding, value }) => [finding, value]),
    [
      ['unexplained', 1],
      ['header_missing', 0],
      ['wrong_preset', 0],
      ['a', 2],
      ['b', 1],
      ['other', 3],
    ],
  )
})

t.test("what exists from the start is what explaining takes for anybody's", async t => {
  const counted = [...new Explanations(['github'])].map(({ finding }) => finding)
  t.same(counted, ANYBODYS, 'two rooms that may not import each other')
})
