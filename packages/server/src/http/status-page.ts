/** A plain page for people: what runs here, and how to try it. All data is shown as text. */
import type { ServerView } from './server-view.ts'

/** No script, no foreign content. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"

export interface PageFacts {
  readonly uptimeMs: number
  /** Null when they cannot be counted. */
  readonly nodes: number | null
}

export function statusPage(view: ServerView, { uptimeMs, nodes }: PageFacts): string {
  const counts = view.statistics()
  const { host, port } = view.grpcAddress()
  const address = `grpc://${host}:${port}${view.database}`
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['Version', view.version],
    ['Engine', view.engine.durable ? view.engine.name : `${view.engine.name} (keeps nothing)`],
    ['Up for', duration(uptimeMs)],
    ['Coordination nodes', nodes === null ? 'unknown' : String(nodes)],
    ['Sessions in memory', String(counts.sessions)],
    ['Semaphores in memory', String(counts.semaphores)],
    ['Waiting', String(counts.waiters)],
    ['Records in memory', String(counts.records)],
    ['Record leases', String(counts.recordLeases)],
    ['Tasks under way', String(counts.activeTasks)],
    ['Tasks stored', String(counts.storedTasks)],
    ['Tasks dead', String(counts.deadTasks)],
    ['Connections of clients', String(view.clients())],
    ["Session streams of YDB's protocol", String(view.streams())],
    ['Clients connect to', address],
  ]
  const table = rows.map(([name, value]) => `<tr><th>${text(name)}<td>${text(value)}`).join('\n')
  const example = `tenure lock --server ${address} my-job -- ./my-job.sh`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tenure</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
th { text-align: left; padding-right: 2rem; font-weight: normal; color: #555 }
code { background: #eee; padding: 0.2rem 0.4rem }
</style>
<h1>Tenure</h1>
<p>Sessions, locks, leaders, registry and configuration for several processes.
<table>
${table}
</table>
<h2>Try it</h2>
<p><code>${text(example)}</code>
<p>For machines: <a href="/livez">/livez</a>, <a href="/readyz">/readyz</a>,
<a href="/version">/version</a>, <a href="/metrics">/metrics</a>.
</html>
`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.floor(hours / 24)} days`
  if (minutes >= 120) return `${hours} hours`
  return seconds >= 120 ? `${minutes} minutes` : `${seconds} seconds`
}
