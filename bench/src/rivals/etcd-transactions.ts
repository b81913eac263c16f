/**
 * etcd's transactions and reads, by calls on `node:http2` itself: a gRPC library in the load process would hide what etcd can do.
 */
import { connect, type ClientHttp2Session } from 'node:http2'
import { cellKey, cellValue, KEYS_PER_PARTY } from '../subjects/cell-values.ts'
import type { Cell, Subject } from '../subjects/subject.ts'
import { startEtcd } from './etcd.ts'
import { bytesOf, decode, encode } from './protobuf.ts'

const CONNECTIONS = 4
const FRAME_HEADER_BYTES = 5
const MOD_REVISION = 2
const EQUAL = 0
const HEADERS = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' } as const

export const etcdTransactions: Subject = {
  id: 'etcd-transactions',
  title: 'etcd transactions, raw HTTP/2',
  family: 'rival',
  durable: true,
  settings: `one member, fsync on; Txn that compares the revision, linearizable Range; ${CONNECTIONS} connections of node:http2 without a gRPC library`,
  workloads: new Set(['swaps', 'reads']),
  start: (folder) => startEtcd(folder),
  async visit(address) {
    const connections = Array.from({ length: CONNECTIONS }, () => connect(`http://${address}`))
    return {
      cells: async (count) =>
        Promise.all(
          Array.from({ length: count }, async (_, party) => {
            const connection = connections[party % CONNECTIONS]
            if (connection === undefined) throw new Error('no connection')
            return EtcdCell.make(connection, party)
          }),
        ),
      async close() {
        for (const connection of connections) connection.destroy()
      },
    }
  },
}

class EtcdCell implements Cell {
  readonly #connection: ClientHttp2Session
  readonly #party: number
  readonly #revisions: number[] = []
  #turn = 0

  private constructor(connection: ClientHttp2Session, party: number) {
    this.#connection = connection
    this.#party = party
  }

  static async make(connection: ClientHttp2Session, party: number): Promise<EtcdCell> {
    const cell = new EtcdCell(connection, party)
    for (let turn = 0; turn < KEYS_PER_PARTY; turn++) {
      const answer = await call(connection, '/etcdserverpb.KV/Put', put(party, turn))
      cell.#revisions.push(revisionOf(answer))
    }
    return cell
  }

  async swap(): Promise<void> {
    const turn = this.#turn++
    const at = turn % KEYS_PER_PARTY
    const compare = encode([
      [1, EQUAL],
      [2, MOD_REVISION],
      [3, cellKey(this.#party, turn)],
      [6, this.#revisions[at] ?? 0],
    ])
    const request = encode([
      [1, compare],
      [2, encode([[2, put(this.#party, turn)]])],
    ])
    const answer = await call(this.#connection, '/etcdserverpb.KV/Txn', request)
    if (decode(answer).get(2)?.[0] !== 1) throw new Error('etcd: the key has another revision')
    this.#revisions[at] = revisionOf(answer)
  }

  async read(): Promise<void> {
    const request = encode([[1, cellKey(this.#party, this.#turn++)]])
    await call(this.#connection, '/etcdserverpb.KV/Range', request)
  }
}

function put(party: number, turn: number): Buffer {
  return encode([
    [1, cellKey(party, turn)],
    [2, cellValue(party, turn)],
  ])
}

/** Of the header, which every answer has first. */
function revisionOf(answer: Buffer): number {
  const revision = decode(bytesOf(answer, 1)).get(3)?.[0]
  if (typeof revision !== 'number') throw new Error("etcd's answer lacks a revision")
  return revision
}

export function call(
  connection: ClientHttp2Session,
  path: string,
  request: Buffer,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = connection.request({ ...HEADERS, ':path': path })
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const answer = Buffer.concat(chunks)
      if (answer.length < FRAME_HEADER_BYTES) reject(new Error(`etcd refused ${path}`))
      else resolve(answer.subarray(FRAME_HEADER_BYTES))
    })
    stream.on('error', reject)
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + request.length)
    frame.writeUInt32BE(request.length, 1)
    request.copy(frame, FRAME_HEADER_BYTES)
    stream.end(frame)
  })
}
