import { SECRETS, SIGNERS } from '../signers/signers.ts'

/** One delivery that the demo sends. */
export interface Delivery {
  readonly provider: string
  readonly says: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** Status that the sender must get. */
  readonly status: number
  /** Why it must be refused; undefined when it must be delivered. */
  readonly reason: string | undefined
}

/** What a sender of the demo is like. */
interface Sender {
  readonly provider: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** The same event as a forger would like it. */
  readonly forged: string
  /** Whether the time is signed, so that an old delivery cannot be sent again. */
  readonly timed: boolean
}

const JSON_TYPE = ['Content-Type', 'application/json'] as const
const FORM_TYPE = ['Content-Type', 'application/x-www-form-urlencoded'] as const
/** Longer ago than any of these senders' tolerance. */
const TEN_MINUTES = 600_000

const SENDERS: readonly Sender[] = [
  {
    provider: 'github',
    path: '/webhooks/flows/0b6f0c1e-6b1f-4c57-9a53-4b0c7e1a2d11',
    headers: [JSON_TYPE, ['User-Agent', 'GitHub-Hookshot/044aadd'], ['X-GitHub-Event', 'push']],
    body: '{"ref":"refs/heads/main","pusher":{"name":"octocat"}}',
    forged: '{"ref":"refs/heads/main","pusher":{"name":"mallory"}}',
    timed: false,
  },
  {
    provider: 'typeform',
    path: '/webhooks/flows/5c2f9b1a-4d3e-4f6a-8b7c-9d0e1f2a3b4c',
    headers: [JSON_TYPE, ['User-Agent', 'Typeform Webhooks']],
    body: '{"event_type":"form_response","form_response":{"answers":[{"number":1}]}}',
    forged: '{"event_type":"form_response","form_response":{"answers":[{"number":9}]}}',
    timed: false,
  },
  {
    provider: 'stripe',
    path: '/in/stripe',
    headers: [JSON_TYPE, ['User-Agent', 'Stripe/1.0 (+https://stripe.com/docs/webhooks)']],
    body: '{"type":"charge.succeeded","data":{"object":{"amount":100}}}',
    forged: '{"type":"charge.succeeded","data":{"object":{"amount":999}}}',
    timed: true,
  },
  {
    provider: 'slack',
    path: '/in/slack',
    headers: [FORM_TYPE, ['User-Agent', 'Slackbot 1.0 (+https://api.slack.com/robots)']],
    body: 'command=%2Fdeploy&text=staging&user_name=octocat',
    forged: 'command=%2Fdeploy&text=production&user_name=octocat',
    timed: true,
  },
]

/** Everything the demo sends, signed now: per sender a genuine delivery and its forgeries. */
export function deliveriesAt(now: number): readonly Delivery[] {
  return SENDERS.flatMap(sender => {
    const { provider, body, forged, timed } = sender
    const secret = SECRETS[provider] ?? ''
    const right = sign(sender, body, secret, now)
    const stranger = sign(sender, body, `not-${secret}`, now)
    const old = sign(sender, body, secret, now - TEN_MINUTES)
    return [
      delivery(sender, 'genuine', right),
      { ...delivery(sender, 'forged body', right, 'signature_mismatch'), body: forged },
      delivery(sender, 'forged signature', stranger, 'signature_mismatch'),
      ...(timed ? [delivery(sender, 'ten minutes old', old, 'timestamp_stale')] : []),
    ]
  })
}

/** A delivery of GitHub's that the demo does not send itself, and its forgery. */
export function byHand(): { readonly genuine: Delivery; readonly forged: Delivery } {
  const [github] = SENDERS
  if (github === undefined) throw new Error('no senders')
  const sender = { ...github, body: '{"ref":"refs/heads/by-hand"}' }
  const genuine = delivery(sender, 'genuine', sign(sender, sender.body, SECRETS.github ?? '', 0))
  return { genuine, forged: { ...genuine, body: '{"ref":"refs/heads/by-mallory"}' } }
}

function delivery(
  { provider, path, headers, body }: Sender,
  says: string,
  signature: readonly (readonly [string, string])[],
  reason?: string,
): Delivery {
  const status = reason === undefined ? 204 : 401
  return { provider, says, path, headers: [...headers, ...signature], body, status, reason }
}

function sign(sender: Sender, body: string, secret: string, now: number): [string, string][] {
  const signer = SIGNERS[sender.provider]
  if (signer === undefined) throw new Error(`nobody signs for ${sender.provider}`)
  return signer(Buffer.from(body), secret, now)
}
