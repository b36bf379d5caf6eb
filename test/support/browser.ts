import { accessSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Debian package chromium. */
const CHROMIUM = '/usr/bin/chromium'

/** False where a browser is installed, else why a test is skipped. */
export const noBrowser: string | false = (() => {
  try {
    accessSync(CHROMIUM)
    return false
  } catch {
    return 'no Chromium is installed (Debian package chromium)'
  }
})()

/** Starts one that reaches nothing but what a test opens in it. It may run as root, inside a container. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    timeout: 120_000,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
