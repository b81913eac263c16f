/**
 * NATS without JetStream: one message to all who have subscribed.
 */
import type { Subject, Visitor } from '../subjects/subject.ts'
import { startNats } from './nats-server.ts'
import { NatsConnection } from './nats-wire.ts'

const SUBJECT = 'board'
const CONNECTIONS = 4

export const natsCore: Subject = {
  id: 'nats-core',
  title: 'NATS core (not durable)',
  family: 'rival',
  durable: false,
  settings: `one server; nothing is stored: who is not connected misses messages; a small client of our own, subscribers on ${CONNECTIONS} connections, each with a subscription of its own`,
  workloads: new Set(['fan-out']),
  start: (folder) => startNats(folder, ''),
  visit: async (address) => visitNats(Number(address)),
}

function visitNats(port: number): Visitor {
  const connections: NatsConnection[] = []
  const open = async (): Promise<NatsConnection> => {
    const connection = await NatsConnection.open(port)
    connections.push(connection)
    return connection
  }
  return {
    async board(watchers, seen) {
      const publisher = await open()
      for (let connection = 0; connection < CONNECTIONS; connection++) {
        const reader = await open()
        for (let watcher = connection; watcher < watchers; watcher += CONNECTIONS) {
          reader.subscribe(SUBJECT, (payload) => seen(Number(payload.toString())))
        }
        await reader.settled()
      }
      return { publish: async (version) => publisher.publish(SUBJECT, String(version)) }
    },
    async close() {
      for (const connection of connections) connection.close()
    },
  }
}
