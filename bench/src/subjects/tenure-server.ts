/**
 * A Tenure server in a process of its own, and what visits it over YDB's protocol.
 */
import { fileURLToPath } from 'node:url'
import { freePort } from '../machine/port.ts'
import { profiling } from '../machine/profile.ts'
import { ServerProcess } from '../machine/server-process.ts'
import { visitStreams } from './stream-visitor.ts'
import type { Running, Subject } from './subject.ts'
import { tenureVersion } from './tenure-version.ts'
import { visitClient } from './tenure-visitor.ts'

const DATABASE = '/local'
const common = 'tenure serve --data, LMDB synced per commit, loopback; '

export const tenureServer: Subject = {
  id: 'tenure-server',
  title: 'Tenure server, client',
  family: 'tenure',
  durable: true,
  settings: `${common}@tenure/client, one session per party; watchers in sessions of their own on 4 connections`,
  workloads: new Set(['pairs', 'hand-off', 'fan-out']),
  start: startServer,
  visit: (address) => visitClient(address, { sessions: 'each' }),
}

export const tenureSession: Subject = {
  id: 'tenure-session',
  title: 'Tenure server, client, 1 session',
  family: 'tenure',
  durable: true,
  settings: `${common}@tenure/client, all parties in one session`,
  workloads: new Set(['pairs']),
  start: startServer,
  visit: (address) => visitClient(address, { sessions: 'one' }),
}

export const tenureStream: Subject = {
  id: 'tenure-stream',
  title: 'Tenure server, bare streams',
  family: 'tenure',
  durable: true,
  settings: `${common}no client library, one stream and session per party by grpc-js; at most 1,000 streams on a connection, watchers on 4`,
  workloads: new Set(['pairs', 'hand-off', 'fan-out', 'restart', 'idle']),
  start: startServer,
  visit: async (address) => visitStreams(address),
}

async function startServer(folder: string): Promise<Running> {
  const [port, httpPort] = [await freePort(), await freePort()]
  const main = fileURLToPath(new URL('main.js', import.meta.resolve('tenure')))
  const listen = ['--listen', `127.0.0.1:${port}`, '--http', `127.0.0.1:${httpPort}`]
  const server = await ServerProcess.start({
    command: [
      process.execPath,
      ...profiling(`tenure-serve-${port}`),
      main,
      'serve',
      '--data',
      folder,
      '--database',
      DATABASE,
      ...listen,
    ],
    port,
    folder,
  })
  return {
    address: `grpc://127.0.0.1:${port}${DATABASE}`,
    pid: server.pid,
    version: tenureVersion(),
    stop: (ask) => server.stop(ask),
  }
}
