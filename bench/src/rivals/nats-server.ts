/** A NATS server, as its rivals' rows need it. */
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../machine/port.ts'
import { AbsentError, firstLine, need } from '../machine/program.ts'
import { ServerProcess } from '../machine/server-process.ts'
import type { Running } from '../subjects/subject.ts'

/** @param more lines of its configuration */
export async function startNats(folder: string, more: string): Promise<Running> {
  const program = need('nats-server', 'nats-server', ['/usr/sbin'])
  const port = await freePort()
  const settings = join(folder, 'nats.conf')
  await writeFile(settings, `listen: "127.0.0.1:${port}"\n${more}\n`)
  const version = /\d[\d.]*/.exec(firstLine([program, '--version']))?.[0] ?? 'unknown'
  try {
    execFileSync(program, ['-t', '-c', settings], { stdio: 'ignore' })
  } catch {
    throw new AbsentError(
      `nats-server ${version} does not know sync_interval, which came with 2.10: it cannot sync before it answers`,
    )
  }
  const server = await ServerProcess.start({ command: [program, '-c', settings], port, folder })
  return { address: String(port), pid: server.pid, version, stop: (ask) => server.stop(ask) }
}
