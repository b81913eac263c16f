/** etcd as the etcd engine could use it at best: one transaction for each commit, encoded beforehand, on a connection of `node:http2`. */
import { connect } from 'node:http2'
import { type Row, setsOfRows } from '../subjects/rows.ts'
import type { Subject, Visitor } from '../subjects/subject.ts'
import { startEtcd } from './etcd.ts'
import { call } from './etcd-transactions.ts'
import { decode, encode } from './protobuf.ts'

const FENCE = 'fence'
const EPOCH = '1'
const EQUAL = 0
const VALUE = 3

export const etcdRaw: Subject = {
  id: 'etcd-raw',
  title: 'etcd itself',
  family: 'rival',
  durable: true,
  settings:
    'one member, fsync on; Txn that compares the value of one key and puts all rows, one connection of node:http2 without a gRPC library, requests encoded before the measurement',
  workloads: new Set(['etcd-commits']),
  start: (folder) => startEtcd(folder),
  visit: async (address) => visitEtcd(address),
}

export const etcdRawTrio: Subject = {
  ...etcdRaw,
  id: 'etcd-raw-trio',
  title: 'etcd itself, 3 members',
  settings: 'the same, three members on one core',
  start: (folder) => startEtcd(folder, 3),
}

function visitEtcd(address: string): Visitor {
  const connection = connect(`http://${address.split(',')[0]}`)
  return {
    async committer(rows) {
      await call(connection, '/etcdserverpb.KV/Put', put({ key: FENCE, value: EPOCH }))
      const next = setsOfRows(rows, transactionOf)
      return {
        async commit() {
          const answer = await call(connection, '/etcdserverpb.KV/Txn', next())
          if (decode(answer).get(2)?.[0] !== 1) throw new Error('etcd: the fence does not hold')
        },
      }
    },
    async close() {
      connection.destroy()
    },
  }
}

function transactionOf(rows: readonly Row[]): Buffer {
  const compare = encode([
    [1, EQUAL],
    [2, VALUE],
    [3, FENCE],
    [7, EPOCH],
  ])
  return encode([[1, compare], ...rows.map((row) => [2, encode([[2, put(row)]])] as const)])
}

function put({ key, value }: { key: string | Buffer; value: string | Buffer }): Buffer {
  return encode([
    [1, key],
    [2, value],
  ])
}
