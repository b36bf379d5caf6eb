/** @see "setWebhook", `secret_token`, Telegram Bot API */
export function sign(_body: Uint8Array, secret: string, _now: number): [string, string][] {
  return [['X-Telegram-Bot-Api-Secret-Token', secret]]
}
