import type { Test } from 'tap'
import { SECRETS, SIGNERS } from '../signers/signers.ts'
import { type Hookwarden, type HookwardenOptions, startHookwarden } from '../support/hookwarden.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { moved } from '../support/metrics.ts'
import { type Recorder, type RecorderOptions, startRecorder } from '../support/recorder.ts'
import { type Answer, type Pieces, post } from '../support/sender.ts'

export const FLOW = '0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11'
export const GITHUB = `/webhooks/flows/${FLOW}`
export const STRIPE = '/in/stripe'
export const SLACK = '/in/slack'
export const GITLAB = '/in/gitlab'

const STRIPE_FLOW = '7c1d9f0e-2f57-4f0a-9d7d-1f6b8d0c3e22'
const SLACK_FLOW = '5c2f9b1a-4d3e-4f6a-8b7c-9d0e1f2a3b4c'
const GITLAB_FLOW = '3f8a6a50-0b9c-4a2d-8e0f-6c2c5f4e9b33'

/** Four senders: a bare signature, a signed time in the signature's header and in its own, and a token. */
export const PROVIDERS = `
providers:
  github: { secret: env:GITHUB, flows: [${FLOW}] }
  stripe: { secret: env:STRIPE, path: ${STRIPE}, to: flow:${STRIPE_FLOW} }
  slack: { secret: env:SLACK, path: ${SLACK}, to: flow:${SLACK_FLOW} }
  gitlab: { secret: env:GITLAB, path: ${GITLAB}, to: flow:${GITLAB_FLOW} }
`

/** The secrets of those four, as the environment has them. */
export const ENV: Readonly<Record<string, string>> = {
  GITHUB: SECRETS.github ?? '',
  STRIPE: SECRETS.stripe ?? '',
  SLACK: SECRETS.slack ?? '',
  GITLAB: SECRETS.gitlab ?? '',
}

/** What is counted of each request. */
export const COUNTED = /^hookwarden_(?:requests|rejections)_total/

/** A Hookwarden between a clock that stands still and an upstream that records raw bytes. */
export interface Stage {
  readonly hookwarden: Hookwarden
  readonly port: number
  readonly recorder: Recorder
  readonly clock: ManualClock
  /** Requests and rejections that were counted while `act` ran: series to how far they moved. */
  counted(act: () => Promise<void>): Promise<Record<string, number>>
  /** Resolves as soon as `holds` answers true; it is asked in each turn of the event loop, or as soon as its promise is kept. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>
}

export interface StageOptions extends Partial<Omit<HookwardenOptions, 'upstream' | 'clock'>> {
  readonly recorder?: RecorderOptions
}

/** Sets the stage, and clears it when the test is over. */
export async function stage(t: Test, options: StageOptions = {}): Promise<Stage> {
  const { recorder: reacting, ...rest } = options
  const recorder = await startRecorder(reacting)
  const clock = new ManualClock()
  const hookwarden = await startHookwarden({
    map: PROVIDERS,
    env: ENV,
    ...rest,
    upstream: recorder.port,
    clock,
  })
  t.teardown(async () => {
    await hookwarden.close()
    await recorder.close()
  })
  return {
    hookwarden,
    port: hookwarden.port,
    recorder,
    clock,
    async counted(act) {
      const before = await hookwarden.metrics()
      await act()
      const after = await hookwarden.metrics()
      return Object.fromEntries(moved(before, after, COUNTED))
    },
    async until(holds) {
      for (let answer = holds(); !(await answer); answer = holds()) {
        // who has to scrape for it would keep the processor from what it waits for
        const pause =
          typeof answer === 'boolean' ? setImmediate : (next: () => void) => setTimeout(next, 2)
        await new Promise<void>(resolve => void pause(resolve))
      }
    },
  }
}

/** How a request of one of the four senders differs from a genuine one. */
export interface Changes {
  readonly headers?: readonly (readonly [string, string])[]
  readonly target?: string
  /** What is sent, where it is not what was signed. */
  readonly sent?: string | Uint8Array
  readonly framing?: 'length' | 'chunked'
}

/** The bytes of a delivery signed now, by the stage's clock. */
export function genuine(
  preset: string,
  target: string,
  body: string | Uint8Array,
  changes: Changes & { readonly wall?: number } = {},
): Pieces {
  const { headers = [], sent = body, wall = new ManualClock().wall(), framing = 'length' } = changes
  const signed = SIGNERS[preset]?.(Buffer.from(body), SECRETS[preset] ?? '', wall) ?? []
  return post({
    target: changes.target ?? target,
    headers: [['Content-Type', 'application/json'], ...headers, ...signed],
    body: sent,
    framing,
  })
}

/** What the sender is told: the coarse word of an answer of Hookwarden's own. */
export function wordOf(answer: Answer | undefined): unknown {
  const told = JSON.parse(answer?.text() ?? '{}') as Record<string, unknown>
  return told.error ?? told.status
}
