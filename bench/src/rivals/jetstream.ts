/**
 * NATS JetStream as a log: one stream in a file, a subject for each writer.
 */
import { recordsOf } from '../subjects/record-bytes.ts'
import type { Subject, Visitor, Writer } from '../subjects/subject.ts'
import { startNats } from './nats-server.ts'
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
  start: (folder) => startNats(folder, jetstream(folder)),
  visit: (address) => visitNats(address),
}

export const jetStreamSynced: Subject = {
  id: 'jetstream-synced',
  title: 'NATS JetStream',
  family: 'rival',
  durable: true,
  settings: `one server, a stream in a file, sync_interval always; ${client}`,
  workloads: new Set(['appends', 'large-appends']),
  start: (folder) => startNats(folder, jetstream(folder, ', sync_interval: always')),
  visit: (address) => visitNats(address),
}

function jetstream(folder: string, more = ''): string {
  return `jetstream { store_dir: ${JSON.stringify(folder)}${more} }`
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
