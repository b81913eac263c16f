#!/usr/bin/env node
/** The `tenure` command. */
import { systemClock } from '@tenure/client'
import { Interrupts } from './command/interrupts.ts'
import { runCommand } from './command/program.ts'
import { connect } from './connect.ts'

// A reader that has seen enough, such as `head`, closes the pipe: that ends the command without a word.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const exitCode = await runCommand(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupts: new Interrupts(process),
  clock: systemClock,
  connect,
})
process.exit(exitCode)
