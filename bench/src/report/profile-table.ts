/** Where processor time goes, as bench/PROFILES.md. */
import type { Profiled } from '../profiles.ts'
import { markdownTable, type Table } from '../table.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { UNITS } from './unit.ts'
import { type Place, PLACES } from './where-time-goes.ts'

const LEGEND = [
  'Parts of the time in which the process did something, of its whole life with its start; a profile slows it down.',
  '"busy": that time by all time.',
  '"load": the loop of the benchmark.',
  '"node": scripts of Node, most of them streams and HTTP/2.',
  '"system": native code of Node, most of it HTTP/2 and sockets.',
  '"disk": calls that write and sync.',
]

export function profilesAsMarkdown(
  profiled: readonly Profiled[],
  { command, machine }: { readonly command: string; readonly machine: MachineFacts },
): string {
  const tables = [...new Set(profiled.map(headingOf))].map((heading) => {
    const rows = profiled.filter((one) => headingOf(one) === heading)
    return `## ${heading}\n\n${markdownTable(profileTable(rows))}`
  })
  const intro = `Written by \`${command}\`. ${LEGEND.join(' ')}`
  return `${['# Where the time goes', intro, ...describeMachine(machine), ...tables].join('\n\n')}\n`
}

/** Places where no process of the table spends anything are left out. */
export function profileTable(profiled: readonly Profiled[]): Table {
  const places = PLACES.filter((place) => profiled.some((one) => percentOf(one, place) > 0))
  return {
    head: ['', 'process', 'busy', ...places],
    rows: profiled.map((one) => [
      one.subject,
      one.process,
      `${Math.round(one.shares.busy * 100)} %`,
      ...places.map((place) => `${percentOf(one, place)} %`),
    ]),
  }
}

function percentOf({ shares }: Profiled, place: Place): number {
  return Math.round((shares.parts.get(place) ?? 0) * 100)
}

function headingOf({ workload, size }: Profiled): string {
  return UNITS[workload].heading.replace('#', size.toLocaleString('en-US'))
}
