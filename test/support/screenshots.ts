import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { statusPage } from '../../src/status/page.ts'
import { startBrowser } from './browser.ts'
import { FINE, ILL } from './status-scenes.ts'

/** Takes the pictures of `docs/status.md` anew: `npm run screenshots`. `pngquant` makes them small afterwards. */
const SHOTS = [
  { name: 'light', status: FINE, colorScheme: 'light', width: 1040, height: 660 },
  { name: 'dark', status: ILL, colorScheme: 'dark', width: 1040, height: 900 },
  { name: 'phone', status: ILL, colorScheme: 'light', width: 390, height: 844 },
] as const

const folder = mkdtempSync(join(tmpdir(), 'screenshots-'))
const browser = await startBrowser()
for (const { name, status, colorScheme, width, height } of SHOTS) {
  const file = join(folder, `${name}.html`)
  writeFileSync(file, statusPage(status).text)
  const page = await browser.newPage({ colorScheme, viewport: { width, height } })
  await page.goto(pathToFileURL(file).href)
  await page.screenshot({ path: `docs/status-${name}.png` })
  await page.close()
}
await browser.close()
