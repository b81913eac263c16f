/** The server that is abused, seen from outside. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { atEnd } from '../../grpc/harness.ts'

export interface Measure {
  readonly bytes: number
  readonly descriptors: number
  readonly attachedSessions: number
}

const CHILD = new URL('children/abused.ts', import.meta.url)

export class Abused {
  readonly #child: ChildProcess
  readonly address: { readonly host: string; readonly port: number }

  static async start(): Promise<Abused> {
    const execArgv = ['--import', 'tsx', '--conditions=@tenure/source', '--expose-gc']
    const child = fork(CHILD, { execArgv })
    atEnd(async () => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    })
    const [{ port }]: [{ port: number }] = await heard(child)
    return new Abused(child, port)
  }

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.address = { host: '127.0.0.1', port }
  }

  async measure(): Promise<Measure> {
    const answer = heard<Measure>(this.#child)
    this.#child.send('measure')
    const [measure] = await answer
    return measure
  }
}

/** The next message of the child. @throws Error when it ends instead */
async function heard<T>(child: ChildProcess): Promise<[T]> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`the server ended: ${code}`))
    child.once('exit', gone)
    child.once('message', (message: T) => {
      child.off('exit', gone)
      resolve([message])
    })
  })
}
