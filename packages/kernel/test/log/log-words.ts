/** How what a session log says is written down: a word and what belongs to it. */
import type { Event, TaskId, TaskView, ThemeView } from '@tenure/kernel'

export function inWords(event: Event): string {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are no words of the log
  switch (event.kind) {
    case 'refused':
      return event.code
    case 'task-opened':
      return `opened ${idWord(event.task)}`
    case 'task-handed-out':
      return `to ${event.session}: ${idWord(event.task)}#${event.attempt} r${event.repeats} ${page(event)}`
    case 'task-records':
      return `records ${page(event)}`
    case 'themes-listed':
      return event.themes.map(themeInWords).join(', ')
    case 'tasks-listed':
      return [...event.tasks.map(viewInWords), ...(event.next.length > 0 ? ['more'] : [])].join(
        ', ',
      )
    case 'task-shown':
      return `${viewInWords(event.view)} ${page(event)}`
    default:
      return event.kind
  }
}

function page({ records, more }: { records: readonly Uint8Array[]; more: boolean }): string {
  const words = records.map((record) => Buffer.from(record).toString('latin1'))
  return `[${words.join(' ')}]${more ? '…' : ''}`
}

function idWord({ term, index }: TaskId): string {
  return `${term}.${index}`
}

/** `1.3#0 stored r0 2×7B due 1010 c5`: what is not there is not said. */
function viewInWords(view: TaskView): string {
  const { task, attempt, state, repeats, records, recordBytes, dueSecond, operator, failure } = view
  return [
    `${idWord(task)}#${attempt}`,
    state,
    `t${view.theme}`,
    `r${repeats}`,
    `${records}×${recordBytes}B`,
    ...(dueSecond > 0n ? [`due ${dueSecond}`] : []),
    ...(operator > 0n ? [`by ${operator}`] : []),
    `c${view.changed}`,
    ...(failure === '' ? [] : [`"${failure}"`]),
  ].join(' ')
}

function themeInWords({ config, active, stored, dead, handedOut, handlers }: ThemeView): string {
  return `t${config.theme}: ${active} active, ${stored} stored, ${dead} dead, ${handedOut} out, ${handlers} handlers`
}
