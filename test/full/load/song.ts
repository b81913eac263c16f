/** A canary beside a loaded server, and what is wrong with its song. */
import { Program } from '../../program.ts'
import type { ServerProcess } from '../../program.ts'

const TIMEOUT_MS = 10_000
/** Promise O5. */
const P99_MAX_MS = 1_000

export class Canary implements AsyncDisposable {
  readonly #program: Program

  private constructor(program: Program) {
    this.#program = program
  }

  /** Comes, and sings. */
  static async come(server: ServerProcess, path: string): Promise<Canary> {
    const words = [server.address, path, String(TIMEOUT_MS)]
    const program = new Program('test/full/load/children/canary.ts', words)
    await program.says(/^answer/)
    return new Canary(program)
  }

  /** Nothing when it was attached all the time, and 99 of 100 answers came within a second. */
  async complaints(): Promise<string[]> {
    // What it waits for now counts, too.
    await this.#program.says(/^answer/)
    const { lines } = this.#program
    const complaints = lines.filter((line) => !line.startsWith('answer'))
    const tookMs = lines.map((line) => Number(line.slice('answer '.length)))
    tookMs.sort((one, other) => one - other)
    const p99Ms = tookMs[Math.floor(tookMs.length * 0.99)] ?? Infinity
    if (p99Ms >= P99_MAX_MS) complaints.push(`99 of 100 answers took up to ${p99Ms} ms`)
    return complaints
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]()
  }
}
