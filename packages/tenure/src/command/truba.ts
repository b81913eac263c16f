/** `tenure truba …`: the session log, in which work that was begun waits until it is finished. */
import type { Command } from 'commander'
import type { Run } from './run.ts'
import { addHandle } from './truba-handle.ts'
import { addOpen } from './truba-open.ts'
import { addTaskChanges } from './truba-task.ts'
import { addTaskList } from './truba-list.ts'
import { addThemes } from './truba-theme.ts'

const AFTER = `
A task is work in several steps: whoever begins it opens a task of a theme and writes records: what is to be done, what is done.
Whoever finishes it deletes it. One that is stored, or whose operator is gone, is handed to a handler of its theme after the theme's
delay, with all its records, again and again until somebody deletes it; after --max-repeats of the theme it is dead, and waits for
people. Task ids are TERM.INDEX, such as 3.17.

Exit codes: 1 refused: no such theme or task, too large, with somebody else; 64 usage; 69 no server; 76 the task was lost.
Errors of the log end with the number of the reference design: 1000 a fault of the server, 2000 too large, 4000 an operation that does
not fit; dead tasks show 2001.`

export function addTruba(program: Command, run: Run): void {
  const truba = program
    .command('truba')
    .description('work with the session log: tasks that come back until they are finished')
    .addHelpText('after', AFTER)
  addThemes(truba, run)
  addOpen(truba, run)
  addTaskChanges(truba, run)
  addTaskList(truba, run)
  addHandle(truba, run)
}
