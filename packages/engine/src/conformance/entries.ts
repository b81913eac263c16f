/** Writing and reading in the words of the suite: keys and values as text. */
import type { Delete, DeleteRange, Put } from '@tenure/kernel'
import type { KeyRange, Partition } from '../engine.ts'

export const OWNER: { readonly id: string; readonly address: string } = {
  id: 'first',
  address: '127.0.0.1:1',
}
export const LATER: { readonly id: string; readonly address: string } = {
  id: 'second',
  address: '127.0.0.1:2',
}

export const EVERYTHING: KeyRange = { start: new Uint8Array(), end: new Uint8Array(1901).fill(255) }

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

export const text = (array: Uint8Array): string => Buffer.from(array).toString('latin1')

export const put = (key: string, value: string): Put => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
})

export const remove = (key: string): Delete => ({ kind: 'delete', key: bytes(key) })

export const removeRange = (start: string, end: string): DeleteRange => ({
  kind: 'delete-range',
  start: bytes(start),
  end: bytes(end),
})

/** All entries of the range, as `key=value`. */
export async function read(partition: Partition, range: KeyRange = EVERYTHING): Promise<string[]> {
  const entries: string[] = []
  for await (const [key, value] of partition.scan(range))
    entries.push(`${text(key)}=${text(value)}`)
  return entries
}
