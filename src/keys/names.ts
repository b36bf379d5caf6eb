/** Automatisch's own keys, by the names of their variables. */
export const KEY_NAMES = ['ENCRYPTION_KEY', 'WEBHOOK_SECRET_KEY', 'APP_SECRET_KEY'] as const
export type KeyName = (typeof KEY_NAMES)[number]

/** What each does, and so what its loss or change means. */
export const KEY_PURPOSES: Readonly<Record<KeyName, string>> = {
  ENCRYPTION_KEY: 'encrypts the stored credentials of every connection',
  WEBHOOK_SECRET_KEY: 'is registered at GitHub, GitLab, Telegram and Typeform',
  APP_SECRET_KEY: 'signs the sessions of the people who log in',
}

/** What a change of each breaks. */
export const KEY_CHANGES: Readonly<Record<KeyName, string>> = {
  ENCRYPTION_KEY: 'Automatisch cannot open any connection that it stored with the old one',
  WEBHOOK_SECRET_KEY: 'senders sign with the old one until each of their flows is published again',
  APP_SECRET_KEY: 'everybody has to log in again',
}

/** The bytes of those keys that are at hand. */
export type KeyBytes = Readonly<Partial<Record<KeyName, Uint8Array>>>
