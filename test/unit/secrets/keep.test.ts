import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keepInNewFile } from '../../../src/secrets/keep.ts'

t.test('a secret goes into a new file that nobody else can read', async t => {
  const path = join(t.testdir({}), 'key')
  keepInNewFile(path, Buffer.from('the first'))
  t.equal(readFileSync(path, 'utf8'), 'the first')
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.throws(() => keepInNewFile(path, Buffer.from('the second')), { code: 'EEXIST' })
  t.equal(readFileSync(path, 'utf8'), 'the first', 'what is there stays')
  t.throws(() => keepInNewFile(join(path, 'below'), Buffer.from('x')), { code: 'ENOTDIR' })
})
