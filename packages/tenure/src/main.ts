/** The `tenure` command. */
import { systemClock } from '@tenure/client'
import { EXIT_INTERNAL } from './command/exit-code.ts'
import { Interrupts } from './command/interrupts.ts'
import { runCommand } from './command/program.ts'
import { connect } from './connect.ts'

// A reader that has seen enough, such as `head`, closes the pipe: that ends the command without a word.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.on('uncaughtException', (error) => {
  process.stderr.write(
    `tenure: this is a fault of tenure itself: ${error.stack ?? error.message}\n`,
  )
  process.exit(EXIT_INTERNAL)
})

/** Until all that was said has left: a pipe takes it only as fast as it is read. */
function said(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve()
    else stream.write('', () => resolve())
  })
}

const interrupts = new Interrupts(process)
const exitCode = await runCommand(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupts,
  clock: systemClock,
  connect,
  quit: (code) => process.exit(code),
})
// A signal ends the process from here on, however long the reader takes.
interrupts.close()
await Promise.all([said(process.stdout), said(process.stderr)])
process.exit(exitCode)
