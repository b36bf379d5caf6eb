/** @see "Webhooks", "Validate payloads by using a secret token", GitLab Docs */
export function sign(_body: Uint8Array, secret: string, _now: number): [string, string][] {
  return [['X-Gitlab-Token', secret]]
}
