import { explain as explainScene } from '../explain/explain.ts'
import { FINDINGS, type Finding } from '../explain/findings.ts'
import { captureAt, processWorld, providerOf, soundMap, titleOf, type World } from './asked.ts'
import type { Command } from './command.ts'
import { type JudgeOptions, judgeCapture, notesOf, readJudgeOptions, sceneOf } from './judgement.ts'
import { USUAL_MAP } from './map.ts'
import type { Terminal } from './terminal.ts'

export const command: Command = {
  help: `hookwarden explain PROVIDER --request FILE [--config FILE] [--at TIME] [--json] [--dev]

Says why a captured request does not verify: which secret, encoding, line end, clock or URL is off. It tries one cause
after the other and names the one that makes the request verify. It prints no signature and nothing of a secret.

  --request FILE  the request, written as docs/capture.md says
  --config FILE   the map (${USUAL_MAP})
  --at TIME       when it was received, such as 2026-11-25T10:00:00Z; else what the capture says, else now
  --json          for machines
  --dev           as with \`run --dev\`: allow plain: secrets and no certificate

Every finding has a page in docs/findings/.
Example: hookwarden explain github --request delivery.http
Exit codes: 0 it verifies, 1 a finding, 2 it cannot be done as asked.`,

  async main(args) {
    const options = readJudgeOptions(args)
    return explain(options, processWorld(options.dev))
  },
}

/** Says why a captured request is refused; gives the exit code. */
export function explain(options: JudgeOptions, { sources, terminal, now }: World): number {
  const settings = soundMap(options.config, options.dev, terminal)
  const provider = providerOf(settings, options.provider)
  const capture = captureAt(options.request)
  const asked = { settings, provider, capture, at: options.at, now }
  const scene = sceneOf(asked, sources)
  const { reason } = judgeCapture(asked, scene)
  // what is refused at admission may have a wrong signature as well: both are said
  const { findings } = scene === undefined ? { findings: [] } : explainScene(scene)
  const notes = notesOf(asked)
  const { name } = provider
  const code = reason === undefined ? 0 : 1
  if (options.json) {
    const found = findings.map(finding => ({ ...finding, page: pageOf(finding) }))
    terminal.out(JSON.stringify({ provider: name, reason, findings: found, notes }, null, 2))
    return code
  }
  if (reason === undefined) {
    terminal.out(
      `${terminal.paint('green', 'accepted')}  ${name}: it verifies, so there is nothing to explain`,
    )
  } else {
    terminal.out(`${terminal.paint('red', 'refused')}  ${name}: ${terminal.paint('bold', reason)}`)
    if (findings.length === 0) sayReason(reason, terminal)
    for (const finding of findings) say(finding, terminal)
  }
  if (notes.length > 0) terminal.out('')
  for (const note of notes) terminal.out(`  ${terminal.paint('dim', 'note')}  ${note}`)
  return code
}

/** What the request is refused for when its signature is right. */
function sayReason(reason: string, terminal: Terminal): void {
  const page = `docs/reasons/${reason}.md`
  terminal.out(`\n  ${titleOf(page)}: not for its signature, which is right`)
  terminal.out(`    page  ${page}`)
}

function say(finding: Finding, terminal: Terminal): void {
  const { code, detail } = finding
  const { says, fix } = FINDINGS[code]
  terminal.out(`\n  ${terminal.paint('bold', code)}: ${says}`)
  terminal.out(`    here  ${detail}`)
  terminal.out(`    fix   ${fix}`)
  terminal.out(`    page  ${pageOf(finding)}`)
}

function pageOf({ code }: Finding): string {
  return `docs/findings/${code}.md`
}
