/** The HTTP face: probes, version, metrics and a status page. */
import { serve, type ServerType } from '@hono/node-server'
import { createApp } from './app.ts'
import type { ServerView } from './server-view.ts'

export class HttpFace {
  readonly #view: ServerView
  #server: ServerType | null = null

  constructor(view: ServerView) {
    this.#view = view
  }

  async listen(address: { host: string; port: number }): Promise<{ host: string; port: number }> {
    return new Promise((resolve, reject) => {
      const options = {
        fetch: createApp(this.#view).fetch,
        hostname: address.host,
        port: address.port,
      }
      const server = serve(options, (bound) => {
        server.off('error', reject)
        resolve({ host: address.host, port: bound.port })
      })
      server.once('error', reject)
      this.#server = server
    })
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === null || !server.listening) return
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
  }
}
