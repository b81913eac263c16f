/** The routes of the HTTP face; testable without a socket. */
import { Hono } from 'hono'
import { createMetrics } from './metrics.ts'
import { isReady } from './readiness.ts'
import { CONTENT_SECURITY_POLICY, statusPage } from './status-page.ts'
import type { ServerView } from './server-view.ts'

export function createApp(view: ServerView): Hono {
  const app = new Hono()
  const startedMs = view.clock.monotonicMs()
  const metrics = createMetrics(view)
  app.use(async (context, next) => {
    await next()
    context.header('x-content-type-options', 'nosniff')
    context.header('cache-control', 'no-store')
  })
  app.get('/livez', (context) => context.text('ok\n'))
  for (const path of ['/readyz', '/healthz']) {
    app.get(path, async (context) => {
      const readiness = await isReady(view)
      return readiness === 'ok' ? context.text('ok\n') : context.text(`${readiness}\n`, 503)
    })
  }
  app.get('/version', (context) => context.json({ name: 'tenure', version: view.version }))
  app.get('/metrics', async (context) =>
    context.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType }),
  )
  app.get('/', async (context) => {
    const uptimeMs = view.clock.monotonicMs() - startedMs
    const nodes = (await isReady(view)) === 'ok' ? await view.host.list(view.database) : null
    context.header('content-security-policy', CONTENT_SECURITY_POLICY)
    return context.html(statusPage(view, { uptimeMs, nodes: nodes?.length ?? null }))
  })
  return app
}
