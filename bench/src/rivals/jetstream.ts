/**
 * NATS JetStream as a log: one stream in a file, a subject for each writer.
 */
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../machine/port.ts'
import { AbsentError, firstLine, need } from '../machine/program.ts'
import { ServerProcess } from '../machine/server-process.ts'
import { recordsOf } from '../subjects/record-bytes.ts'
import type { Running, Subject, Visitor, Writer } from '../subjects/subject.ts'
import { NatsConnection } from './nats-wire.ts'

const STREAM = 'log'
const client =
  'a small client of our own, one connection, what is published in one turn in one write'

export const jetStream: Subject = {
  id: 'jetstream',
  title: 'NATS JetStream (synced every 2 minutes)',
  family: 'rival',
  durable: false,
  settings: `one server, a stream in a file, answered before it is synced: a loss of power takes up to two minutes; ${client}`,
  workloads: new Set(['appends', 'large-appends']),
  start: (folder) => startNats(folder, ''),
  visit: (address) => visitNats(address),
}

export const jetStreamSynced: Subject = {
  id: 'jetstream-synced',
  title: 'NATS JetStream',
  family: 'rival',
  durable: true,
  settings: `one server, a stream in a file, sync_interval always; ${client}`,
  workloads: new Set(['appends', 'large-appends']),
  start: (folder) => startNats(folder, ', sync_interval: always'),
  visit: (address) => visitNats(address),
}

/** @param more further settings of JetStream */
async function startNats(folder: string, more: string): Promise<Running> {
  const program = need('nats-server', 'nats-server', ['/usr/sbin'])
  const port = await freePort()
  const settings = join(folder, 'nats.conf')
  await writeFile(
    settings,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(folder)}${more} }\n`,
  )
  const version = /\d[\d.]*/.exec(firstLine([program, '--version']))?.[0] ?? 'unknown'
  try {
    execFileSync(program, ['-t', '-c', settings], { stdio: 'ignore' })
  } catch {
    throw new AbsentError(
      `nats-server ${version} does not know sync_interval, which came with 2.10: it cannot sync before it answers`,
    )
  }
  const server = await ServerProcess.start({ command: [program, '-c', settings], port, folder })
  return { address: String(port), pid: server.pid, version, stop: (ask) => server.stop(ask) }
}

async function visitNats(address: string): Promise<Visitor> {
  const connection = await NatsConnection.open(Number(address))
  const stream = { name: STREAM, subjects: [`${STREAM}.>`], storage: 'file', num_replicas: 1 }
  await connection.request(`$JS.API.STREAM.CREATE.${STREAM}`, JSON.stringify(stream))
  return {
    async writers(count, recordBytes) {
      const record = recordsOf(recordBytes)
      return Array.from({ length: count }, (_, party): Writer => {
        const subject = `${STREAM}.${party}`
        return {
          append: async () => void (await connection.request(subject, record())),
        }
      })
    },
    async close() {
      connection.close()
    },
  }
}
