/**
 * A Tenure server in a process of its own, and what visits it over our own protocol and over YDB's.
 */
import { fileURLToPath } from 'node:url'
import { freePort } from '../machine/port.ts'
import { profiling } from '../machine/profile.ts'
import { ServerProcess } from '../machine/server-process.ts'
import { visitStreams } from './stream-visitor.ts'
import type { Running, Subject } from './subject.ts'
import { TASKS } from './task-writer.ts'
import { tenureVersion } from './tenure-version.ts'
import { visitClient } from './tenure-visitor.ts'

const DATABASE = '/local'
const common = 'tenure serve --data, a sync for each group of commits, loopback; '

export const tenureServer: Subject = {
  id: 'tenure-server',
  title: 'Tenure server, client',
  family: 'tenure',
  durable: true,
  settings: `${common}own protocol, @tenure/client, one session per party, all on one connection; records by one storage, tasks by one pipe; watchers in sessions of their own on 4 connections; ${TASKS}`,
  workloads: new Set([
    'pairs',
    'hand-off',
    'swaps',
    'reads',
    'appends',
    'large-appends',
    'jobs',
    'retried-jobs',
    'fan-out',
  ]),
  start: startServer,
  visit: (address) => visitClient(address, { sessions: 'each', protocol: 'tenure' }),
}

export const tenureYdb: Subject = {
  id: 'tenure-ydb',
  title: "Tenure server, client, YDB's protocol",
  family: 'tenure',
  durable: true,
  settings: `${common}YDB's protocol, @tenure/client, one session and stream per party; watchers on 4 connections`,
  workloads: new Set(['pairs', 'hand-off', 'fan-out']),
  start: startServer,
  visit: (address) => visitClient(address, { sessions: 'each', protocol: 'ydb' }),
}

export const tenureSession: Subject = {
  id: 'tenure-session',
  title: 'Tenure server, client, 1 session',
  family: 'tenure',
  durable: true,
  settings: `${common}own protocol, @tenure/client, all parties in one session`,
  workloads: new Set(['pairs']),
  start: startServer,
  visit: (address) => visitClient(address, { sessions: 'one', protocol: 'tenure' }),
}

export const tenureStream: Subject = {
  id: 'tenure-stream',
  title: "Tenure server, YDB's protocol, bare streams",
  family: 'tenure',
  durable: true,
  settings: `${common}no client library, one stream and session per party by grpc-js; at most 1,000 streams on a connection, watchers on 4`,
  workloads: new Set(['pairs', 'hand-off', 'fan-out', 'restart', 'idle']),
  start: startServer,
  visit: async (address) => visitStreams(address),
}

async function startServer(folder: string): Promise<Running> {
  const { port, command } = await serveCommand(['--data', folder])
  const server = await ServerProcess.start({ command, port, folder })
  return {
    address: serveAddress(port),
    pid: server.pid,
    version: tenureVersion(),
    stop: (ask) => server.stop(ask),
  }
}

/** For `connect`. */
export function serveAddress(...ports: readonly number[]): string {
  return `grpc://${ports.map((port) => `127.0.0.1:${port}`).join(',')}${DATABASE}`
}

/** @param words where it keeps everything */
export async function serveCommand(
  words: readonly string[],
): Promise<{ readonly port: number; readonly command: string[] }> {
  const [port, httpPort] = [await freePort(), await freePort()]
  const main = fileURLToPath(new URL('main.js', import.meta.resolve('tenure')))
  const listen = ['--listen', `127.0.0.1:${port}`, '--http', `127.0.0.1:${httpPort}`]
  const serve = ['serve', ...words, '--database', DATABASE, ...listen]
  return { port, command: [process.execPath, ...profiling(`tenure-serve-${port}`), main, ...serve] }
}
