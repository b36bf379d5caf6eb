import type { CompiledScheme } from '../verify/compiled.ts'
import { needsBody, type Part } from '../verify/template.ts'
import { Draft, type Request } from './draft.ts'

/**
 * A request without what signing writes anew: its signature, token or password, its time, and digests of its body. What is
 * left proves nothing. In a body the signature's field stays and is empty; elements of a batch keep theirs.
 */
export function shed(compiled: CompiledScheme, request: Request): Request {
  const { from, time, each } = compiled
  const stale = [...from, ...(time?.from ?? []), ...compiled.require.flatMap(digestOf)]
  const named = (source: string) =>
    stale.filter(one => one.source === source).map(({ name }) => name)
  const headers = new Set([...named('header'), ...(time?.listedBy ?? '').split(' ')])
  if (compiled.code === 'truelayer') headers.add('tl-signature')
  const draft = new Draft({
    ...request,
    target: withoutParameters(request.target, new Set(named('query'))),
    headers: request.headers.filter(([name]) => !headers.has(name.toLowerCase())),
  })
  if (each !== undefined) return draft.request
  for (const { source, name } of from) {
    if (source === 'form') draft.setForm(name, '')
    if (source === 'json') draft.setJson(name.split('.'), '')
  }
  return draft.request
}

/** The place that holds a digest of the body, where a pair asks for one. */
function digestOf({ left, right }: CompiledScheme['require'][number]): readonly Part[] {
  if (left.some(needsBody)) return right.length === 1 ? right : []
  return right.some(needsBody) && left.length === 1 ? left : []
}

function withoutParameters(target: string, names: ReadonlySet<string>): string {
  const mark = target.indexOf('?')
  if (mark === -1 || names.size === 0) return target
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter(pair => !names.has(pair.split('=', 1)[0] ?? ''))
  return target.slice(0, mark) + (kept.length === 0 ? '' : `?${kept.join('&')}`)
}
