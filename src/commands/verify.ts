import { captureAt, processWorld, providerOf, soundMap, titleOf, type World } from './asked.ts'
import type { Command } from './command.ts'
import { quoted } from './curl.ts'
import { type JudgeOptions, judgeCapture, notesOf, readJudgeOptions, sceneOf } from './judgement.ts'
import { USUAL_MAP } from './map.ts'

export const command: Command = {
  help: `hookwarden verify PROVIDER --request FILE [--config FILE] [--at TIME] [--json] [--dev]

Judges a captured request as \`run\` would, offline: nothing is sent, nothing is remembered.

  --request FILE  the request, written as docs/capture.md says
  --config FILE   the map (${USUAL_MAP})
  --at TIME       when it was received, such as 2026-11-25T10:00:00Z; else what the capture says, else now
  --json          for machines
  --dev           as with \`run --dev\`: allow plain: secrets and no certificate

Example: hookwarden verify github --request delivery.http
Exit codes: 0 accepted, 1 refused, 2 it cannot be done as asked.`,

  async main(args) {
    const options = readJudgeOptions(args)
    return verify(options, processWorld(options.dev))
  },
}

/** Says what a running Hookwarden would make of a captured request; gives the exit code. */
export function verify(options: JudgeOptions, { sources, terminal, now }: World): number {
  const settings = soundMap(options.config, options.dev, terminal)
  const provider = providerOf(settings, options.provider)
  const capture = captureAt(options.request)
  const asked = { settings, provider, capture, at: options.at, now }
  const scene = sceneOf(asked, sources)
  const { reason, secret } = judgeCapture(asked, scene)
  const notes = notesOf(asked)
  const page = reason === undefined ? undefined : `docs/reasons/${reason}.md`
  const verdict = reason === undefined ? 'accepted' : 'refused'
  const { name } = provider
  if (options.json) {
    terminal.out(JSON.stringify({ provider: name, verdict, reason, page, secret, notes }, null, 2))
    return reason === undefined ? 0 : 1
  }
  if (reason === undefined || page === undefined) {
    const how =
      secret === undefined
        ? 'unsigned: anybody could have sent it'
        : `proven by its ${secret} secret`
    terminal.out(`${terminal.paint('green', 'accepted')}  ${name}, ${how}`)
  } else {
    terminal.out(`${terminal.paint('red', 'refused')}  ${name}: ${terminal.paint('bold', reason)}`)
    terminal.out(`  what  ${titleOf(page)}`)
    if (reason === 'secret_unavailable') {
      for (const problem of scene?.subject.problems ?? []) terminal.out(`  here  ${problem}`)
    }
    terminal.out(`  page  ${page}`)
  }
  for (const note of notes) terminal.out(`  ${terminal.paint('dim', 'note')}  ${note}`)
  if (reason !== undefined) {
    terminal.out(`\nWhy: ${nextCommand(options)}`)
  }
  return reason === undefined ? 0 : 1
}

/** The same question to `explain`, for a shell. */
export function nextCommand({ provider, request, config, at, dev }: JudgeOptions): string {
  const words = [
    ...['hookwarden', 'explain', provider, '--request', request],
    ...(config === USUAL_MAP ? [] : ['--config', config]),
    ...(at === undefined ? [] : ['--at', new Date(at).toISOString()]),
    ...(dev ? ['--dev'] : []),
  ]
  return words.map(quoted).join(' ')
}
