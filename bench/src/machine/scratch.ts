/**
 * A folder for the data of one subject, on the disk of the repository: /tmp is often memory, and memory syncs fast.
 */
import { chown, mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { deleteWithUs } from './leftovers.ts'

/** The number by which Linux knows its file system in memory. */
const TMPFS = 0x01021994

/** @throws when the folder would lie in memory, where "durable" means nothing */
export async function scratch(below: string): Promise<string> {
  await mkdir(below, { recursive: true })
  if ((await statfs(below)).type === TMPFS) throw new Error(`${below} is in memory, not on a disk`)
  const folder = await mkdtemp(join(below, 'scratch-'))
  deleteWithUs(folder)
  return folder
}

export async function give(folder: string, userId: number, groupId: number): Promise<void> {
  await chown(folder, userId, groupId)
}

export async function discard(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
