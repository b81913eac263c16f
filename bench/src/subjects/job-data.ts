/** What a job carries: the same for every subject. */

const DATA_CHARACTERS = 256

/** For queues whose jobs are objects. */
export interface JobObject {
  readonly job: string
}

/** @returns the job's number, filled up to the size of the data */
export function jobData(job: number): string {
  return String(job).padEnd(DATA_CHARACTERS, '-')
}

export function jobOf(data: string): number {
  return Number.parseInt(data, 10)
}
