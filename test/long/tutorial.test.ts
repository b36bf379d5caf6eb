import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { startRecorder } from '../support/recorder.ts'

const ROOT = join(import.meta.dirname, '../..')

/** One command of the page, and what it says there that it prints. */
interface Step {
  readonly command: string
  readonly printed: string
}

function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/^```console\n(?<text>[\s\S]*?)^```$/gm)]
  return blocks.flatMap(({ groups }) =>
    (groups?.text ?? '')
      .split(/^\$ /m)
      .filter(part => part !== '')
      .map(part => {
        const [command = '', ...printed] = part.trimEnd().split('\n')
        return { command, printed: printed.join('\n') }
      }),
  )
}

/** Whether text is what the page says, where `…` stands for anything. */
function fits(text: string, printed: string): boolean {
  const parts = printed.split('…').map(part => RegExp.escape(part))
  return new RegExp(`^${parts.join('[\\s\\S]*')}\\s*$`).test(text.trimEnd())
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

const skip = hasCurl ? false : 'curl is not installed'
t.test('every step of the tutorial does what the page says', { skip }, async t => {
  const steps = stepsOf(readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8'))
  t.ok(steps.length > 6)
  const automatisch = await startRecorder()
  const folder = mkdtempSync(join(tmpdir(), 'hookwarden-tutorial-'))
  const [https, admin] = [await freePort(), await freePort()]
  t.teardown(async () => {
    await automatisch.close()
    rmSync(folder, { recursive: true })
  })
  const env: Record<string, string | undefined> = {
    ...process.env,
    NODE_OPTIONS: '',
    NO_COLOR: '1',
  }
  /** The ports of the page are in use on some machine or other. */
  const here = (text: string) =>
    text
      .replaceAll('8443', String(https))
      .replace('readiness github', `readiness github --admin http://127.0.0.1:${admin}`)
      .replace(/^hookwarden /, `"${process.execPath}" "${join(ROOT, 'bin/hookwarden.js')}" `)

  for (const { command, printed } of steps) {
    const exported = /^export (?<name>\w+)=(?<value>.*)$/.exec(command)?.groups
    if (exported?.name !== undefined) {
      env[exported.name] = exported.value
      continue
    }
    if (command.endsWith(' &')) {
      const child = spawn('bash', ['-c', `exec ${here(command.slice(0, -2))}`], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.teardown(() => void child.kill('SIGKILL'))
      const [line] = await new Promise<string[]>(resolve =>
        createInterface({ input: child.stdout }).on('line', text => {
          if (text.includes('"ready"')) resolve([text])
        }),
      )
      t.ok(fits(line ?? '', printed), `${command}: ${line}`)
      continue
    }
    // not spawnSync: the stand-in for Automatisch answers in this very process
    const said = await new Promise<string>(resolve => {
      const child = spawn('bash', ['-c', here(command)], { cwd: folder, env })
      let text = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
      child.on('close', () => resolve(text))
    })
    t.ok(fits(said, printed), `${command}:\n${said}`)
    if (!command.startsWith('hookwarden init')) continue
    const map = join(folder, 'hookwarden.yaml')
    writeFileSync(
      map,
      readFileSync(map, 'utf8')
        .replace('http://127.0.0.1:3000', automatisch.url)
        .replace('0.0.0.0:8443', `127.0.0.1:${https}`)
        .replace('127.0.0.1:9090', `127.0.0.1:${admin}`),
    )
  }
  t.equal(automatisch.requests.length, 1, 'the genuine one, and nothing else')
})
