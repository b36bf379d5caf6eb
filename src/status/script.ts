/** How often the page looks, in milliseconds. */
const EVERY = 3000

/**
 * The one script: looks again every few seconds and puts in what changed, says so when nothing answers any more, and
 * stops while the reader wants it to. Nothing is put in as markup that the server did not send as this very page.
 */
export const SCRIPT = `
'use strict'
const button = document.getElementById('pause')
const lost = document.getElementById('lost')
let paused = false
let answered = new Date()
button.hidden = false
button.addEventListener('click', () => {
  paused = !paused
  button.textContent = paused ? 'Go on' : 'Pause'
  if (!paused) look()
})
function put(id, page) {
  const now = document.getElementById(id)
  const next = page.getElementById(id)
  if (!now || !next || now.isEqualNode(next)) return
  const held = now.contains(document.activeElement) && document.activeElement.getAttribute('href')
  now.replaceWith(document.adoptNode(next))
  if (held) next.querySelector('a[href="' + CSS.escape(held) + '"]')?.focus({ preventScroll: true })
}
async function look() {
  try {
    const answer = await fetch(location.pathname, { cache: 'no-store', signal: AbortSignal.timeout(5000) })
    if (!answer.ok) throw new Error(answer.status)
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    if (!page.getElementById('verdict')) throw new Error('another page')
    for (const id of ['head', 'verdict', 'providers', 'cards', 'refusals', 'strays']) put(id, page)
    document.title = page.title
    const icon = page.querySelector('link[rel=icon]')
    if (icon) document.querySelector('link[rel=icon]').href = icon.getAttribute('href')
    answered = new Date()
    delete document.body.dataset.lost
  } catch {
    lost.firstElementChild.textContent = 'No answer from Hookwarden since ' + answered.toLocaleTimeString() + ': what stands below is old'
    document.body.dataset.lost = ''
    document.title = 'no answer: Hookwarden'
  }
}
setInterval(() => { if (!paused && !document.hidden) look() }, ${EVERY})
document.addEventListener('visibilitychange', () => { if (!paused && !document.hidden) look() })
`
