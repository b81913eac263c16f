/**
 * Where the figures come from: without it they mean nothing.
 */
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { canPin } from '../machine/cores.ts'

/** More running processes than this before we begin, and the figures are not to be quoted. */
const QUIET_LOAD = 0.5

export interface MachineFacts {
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly pinned: boolean
  /** Processes that ran on average in the minute before the start. */
  readonly load: number
}

export function machineFacts(): MachineFacts {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    pinned: canPin(),
    load: loadavg()[0] ?? 0,
  }
}

/** @returns sentences for people, the warning last */
export function describeMachine(facts: MachineFacts): string[] {
  const lines = [
    `${facts.date}, Node ${facts.node}, Linux ${facts.kernel}, ${facts.cores} cores (${facts.processor}), ${facts.memoryGiB} GiB.`,
    facts.pinned
      ? 'Server and load are bound to one core each; in process, both cores are free for the one process.'
      : 'Processes are not bound to cores: taskset is absent or there is only one core.',
  ]
  if (facts.load > QUIET_LOAD) {
    lines.push(
      `WARNING: the machine was not quiet (load ${facts.load.toFixed(2)}): do not quote these figures.`,
    )
  }
  return lines
}
