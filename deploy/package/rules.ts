import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

/** Writes Prometheus' alerts once more, in the form in which its operator takes them. */
const ROOT = join(import.meta.dirname, '..', '..')
const TO = 'deploy/kubernetes/base/rules.yaml'

const { groups } = parse(readFileSync(join(ROOT, 'deploy/prometheus/alerts.yaml'), 'utf8')) as {
  readonly groups: readonly object[]
}
const rule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'hookwarden', namespace: 'automatisch' },
  spec: { groups },
}
const head = '# The alerts of deploy/prometheus/alerts.yaml, written here by `npm run docs`.\n'
writeFileSync(join(ROOT, TO), head + stringify(rule, { lineWidth: 0 }))
