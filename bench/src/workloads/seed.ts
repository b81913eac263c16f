/**
 * Fills a server with sessions that hold something, before it is started again.
 */
import type { LoadReport, LoadTask } from '../measurement.ts'
import type { Visitor } from '../subjects/subject.ts'

export async function seed(visitor: Visitor, task: LoadTask): Promise<LoadReport> {
  if (visitor.seed === undefined) throw new Error('this subject cannot be filled')
  await visitor.seed(task.size)
  return { kind: 'seeded' }
}
