import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import axe, { type AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { leafletPage } from '../../src/status/leaflet.ts'
import { statusPage } from '../../src/status/page.ts'
import { POLICY } from '../../src/status/policy.ts'
import type { Status } from '../../src/status/status.ts'
import { noBrowser, startBrowser } from '../support/browser.ts'
import { exchange } from '../support/sender.ts'
import { FINE, ILL } from '../support/status-scenes.ts'
import { GITHUB, genuine, stage } from '../wire/stage.ts'

/** Longer than any machine takes: what is waited for comes, or never does. */
const PATIENCE = 100_000

let browser: Browser | undefined
const started = async (): Promise<Browser> => {
  browser ??= await startBrowser()
  return browser
}
t.teardown(() => browser?.close())

/** Serves one page as the admin listener would, on a free port. */
async function served(t: Test, html: () => string): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url !== '/') return response.writeHead(404).end()
    const headers = {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': POLICY,
    }
    return response.writeHead(200, headers).end(html())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Everything that a page complains about, and every address it asks. */
function watched(page: Page) {
  const complaints: string[] = []
  const asked: string[] = []
  page.on('console', message => void complaints.push(message.text()))
  page.on('pageerror', error => void complaints.push(error.message))
  page.on('request', request => void asked.push(request.url()))
  return { complaints, asked }
}

t.test(
  'a running Hookwarden shows itself, and a forged delivery within six seconds',
  { skip: noBrowser },
  async t => {
    const on = await stage(t)
    const page = await (await started()).newPage()
    t.teardown(() => page.close())
    page.setDefaultTimeout(PATIENCE)
    const { complaints, asked } = watched(page)
    await page.clock.install()
    const { port } = on.hookwarden.service
    t.ok(port > 0)
    await page.goto(`http://127.0.0.1:${on.hookwarden.service.adminPort}/`)
    t.match(await page.textContent('h1'), /Everything is fine/)
    t.equal(await page.locator('#providers tbody tr').count(), 4)

    t.equal(
      (await exchange(on.port, genuine('github', GITHUB, '{"n":1}', { sent: '{"n":2}' })))?.status,
      401,
    )
    const row = page.locator('#refusals tbody tr')
    t.equal(await row.count(), 0, 'not before it looks again')
    await page.clock.runFor(6000)
    await row.first().waitFor()
    const told = (await row.first().textContent())?.replaceAll(/\s+/g, ' ')
    t.match(told, /github\s*signature_mismatch.*127\.0\.0\.1/)
    t.match(
      (await page.locator('#providers tbody tr').first().textContent())?.replaceAll(/\s+/g, ' '),
      /signature_mismatch/,
    )
    await page.click('#refusals a[href="/docs/reasons/signature_mismatch"]')
    t.match(await page.textContent('h1'), /signature_mismatch/, 'its page is a click away')
    t.same(complaints, [])
    t.ok(
      asked.every(url => url.startsWith(`http://127.0.0.1:${on.hookwarden.service.adminPort}/`)),
      'nobody else is asked',
    )
  },
)

t.test(
  'text of a sender stays text, and would run nothing if it did not',
  { skip: noBrowser },
  async t => {
    const evil = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`
    const [refusal] = ILL.refusals
    if (refusal === undefined) throw new Error('no refusal to write into')
    const status: Status = {
      ...ILL,
      refusals: [
        { ...refusal, address: evil, detail: evil, findings: [{ code: 'c', detail: evil }] },
      ],
    }
    const page = await (await started()).newPage()
    t.teardown(() => page.close())
    await page.goto(await served(t, () => statusPage(status).text))
    t.equal(await page.locator('#refusals img, #refusals script').count(), 0)
    t.ok((await page.textContent('#refusals'))?.includes(evil), 'it is read as it was written')
    await page.goto(
      await served(t, () => statusPage(ILL).text.replace('<footer>', `${evil}<footer>`)),
    )
    await page.waitForLoadState('load')
    t.equal(await page.locator('main img, body > img').count(), 1, 'even where it got in as markup')
    t.match(await page.title(), /wrong: Hookwarden/, 'the policy lets nothing of it run')
  },
)

t.test('axe finds nothing, light, dark and on a phone', { skip: noBrowser }, async t => {
  const ill = statusPage(ILL).text
  const leaflet = leafletPage('x', readFileSync('docs/reasons/signature_mismatch.md', 'utf8')).text
  for (const [name, html, colorScheme, width] of [
    ['ill', ill, 'light', 1180],
    ['ill', ill, 'dark', 1180],
    ['ill', ill, 'light', 390],
    ['fine', statusPage(FINE).text, 'dark', 390],
    ['leaflet', leaflet, 'light', 1180],
    ['leaflet', leaflet, 'dark', 390],
  ] as const) {
    const context = await (await started()).newContext({
      bypassCSP: true, // for axe alone
      colorScheme,
      viewport: { width, height: 800 },
    })
    const page = await context.newPage()
    await page.goto(await served(t, () => html))
    await page.addScriptTag({ content: axe.source })
    const { violations } = await page.evaluate<AxeResults>('axe.run()')
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
    )
    t.same(found, [], `${name} ${colorScheme} ${width}`)
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    t.ok(wide <= 0, `${name} ${width} does not scroll sideways`)
    await context.close()
  }
})

t.test(
  'without script everything is there, and the page loads itself again',
  { skip: noBrowser },
  async t => {
    let times = 0
    const url = await served(t, () => {
      times++
      return statusPage(ILL).text
    })
    const context = await (await started()).newContext({ javaScriptEnabled: false })
    t.teardown(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE)
    const again = new Promise<void>(resolve => {
      page.on('response', () => {
        if (times > 1) resolve()
      })
    })
    await page.goto(url)
    t.match(await page.textContent('h1'), /One thing is wrong, 2 more to look at/)
    t.equal(await page.locator('#pause').isVisible(), false, 'no button that does nothing')
    await again
    t.ok(times > 1)
  },
)

t.test(
  'when nothing answers any more the page says so, until something does',
  { skip: noBrowser },
  async t => {
    const page = await (await started()).newPage()
    t.teardown(() => page.close())
    page.setDefaultTimeout(PATIENCE)
    await page.clock.install()
    await page.goto(await served(t, () => statusPage(FINE).text))
    t.equal(await page.locator('#lost').isVisible(), false)
    await page.route('**/*', route => route.abort())
    await page.clock.runFor(6000)
    await page.locator('#lost').waitFor({ state: 'visible' })
    t.match(await page.textContent('#lost'), /No answer from Hookwarden since/)
    t.match(await page.title(), /no answer/)
    await page.unroute('**/*')
    await page.clock.runFor(6000)
    await page.locator('#lost').waitFor({ state: 'hidden' })
    await page.click('#pause')
    t.equal(await page.textContent('#pause'), 'Go on')
  },
)

t.test('the pictures in docs/ are small enough to be looked at', async t => {
  for (const name of ['light', 'dark', 'phone'])
    t.ok(readFileSync(`docs/status-${name}.png`).length < 100_000, name)
})
