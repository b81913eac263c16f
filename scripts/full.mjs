/**
 * The full tier, but for the commit tier. What waits for disks, clocks and processes runs beside the simulator, which needs nothing
 * but the cores that are left and says so by a low priority.
 */
import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'

const VITEST = 'node_modules/vitest/vitest.mjs'

/** @returns the exit code; what was said comes in one piece, so that two suites do not talk at a time */
function suite(project, priority) {
  const child = spawn(process.execPath, [VITEST, 'run', '--project', project], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  setPriority(child.pid, priority)
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => said.push(data))
  return new Promise((resolve) => {
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(said))
      resolve(code ?? 1)
    })
  })
}

const { PRIORITY_NORMAL, PRIORITY_LOW } = constants.priority
const codes = await Promise.all([suite('full', PRIORITY_NORMAL), suite('storm', PRIORITY_LOW)])
process.exitCode = Math.max(...codes)
