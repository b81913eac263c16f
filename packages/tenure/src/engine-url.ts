/**
 * Engines by the address that people type: `memory:`, `file:DIR`, `etcd://HOSTS/PREFIX`, `postgres://HOSTS/DATABASE`. Each is loaded
 * only when it is used.
 */
import { mkdirSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Engine } from '@tenure/engine'
import { type EtcdAddress, openEtcd, parseEtcdAddress } from './etcd-address.ts'
import { openPostgres, parsePostgresAddress, type PostgresAddress } from './postgres-address.ts'

/** A parsed engine address. */
export type EngineUrl =
  | { readonly kind: 'memory'; readonly name: string }
  | { readonly kind: 'file'; readonly folder: string }
  | EtcdAddress
  | PostgresAddress

/** @returns null when the scheme is not that of an engine */
export function parseEngineUrl(url: string): EngineUrl | null {
  if (url.startsWith('memory:')) return { kind: 'memory', name: url.slice('memory:'.length) }
  if (!url.startsWith('file:')) return parseEtcdAddress(url) ?? parsePostgresAddress(url)
  const folder = url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
  if (folder === '') throw new RangeError(`"${url}" names no directory: write file:./data`)
  return { kind: 'file', folder }
}

/** @throws RangeError for what is no address of an engine */
export function parseEngine(url: string): EngineUrl {
  const parsed = parseEngineUrl(url)
  if (parsed === null) {
    throw new RangeError(
      `"${url.replace(/\/\/[^@]*@/, '//…@')}" is no engine: write memory:, file:DIR, etcd://HOSTS/PREFIX or postgres://HOSTS/DATABASE`,
    )
  }
  return parsed
}

/** The same for all names of one directory, however they are written. Makes the directory when it is absent. */
export function realFolder(folder: string): string {
  mkdirSync(folder, { recursive: true })
  return realpathSync(folder)
}

/**
 * @param allowUnsafe use a database whose settings may lose what was acknowledged
 * @throws HeldError when another process has the directory open; the message names it
 */
export async function openEngine(url: EngineUrl, allowUnsafe = false): Promise<Engine> {
  if (url.kind === 'memory') {
    const { openMemoryEngine } = await import('@tenure/engine/memory')
    return openMemoryEngine()
  }
  if (url.kind === 'etcd') return openEtcd(url)
  if (url.kind === 'postgres') return openPostgres(url, allowUnsafe)
  const { openFileEngine } = await import('@tenure/engine/file')
  return openFileEngine(url.folder)
}
