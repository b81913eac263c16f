/**
 * A network of its own for a server: a namespace, and a cable to it that can be pulled, filtered and narrowed.
 *
 * Nobody else can reach it: the cable has this machine at its other end, and nothing is forwarded.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PREFIX = 'tenure'

/** The device at each end of the cable. */
interface Ends {
  readonly outer: string
  readonly inner: string
}

export class Namespace implements Disposable {
  /** Of the server's end. */
  readonly address: string
  readonly #name: string
  readonly #outerAddress: string
  readonly #ends: Ends

  private constructor() {
    this.#name = `${PREFIX}${process.pid}`
    this.#ends = { outer: `to${process.pid}`, inner: `ti${process.pid}` }
    // One of the private networks, another one for each process that runs tests.
    const net = `10.213.${process.pid % 256}`
    this.#outerAddress = `${net}.1`
    this.address = `${net}.2`
  }

  /** Null where this process may not, or cannot. */
  static make(): Namespace | null {
    const namespace = new Namespace()
    try {
      sweep()
      namespace.#build()
      return namespace
    } catch {
      namespace[Symbol.dispose]()
      return null
    }
  }

  /** Words that make a program run in it. */
  get inside(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name]
  }

  /** Whether packets can be filtered here. */
  get filters(): boolean {
    try {
      run([...this.inside, 'iptables', '-w', '-S'])
      return true
    } catch {
      return false
    }
  }

  /** What comes in is handled by `rule`, written as iptables wants it. */
  filterIn(...rule: readonly string[]): void {
    this.#filter('INPUT', ['-i', this.#ends.inner, ...rule])
  }

  filterOut(...rule: readonly string[]): void {
    this.#filter('OUTPUT', ['-o', this.#ends.inner, ...rule])
  }

  /** Pulls the cable. */
  unplug(): void {
    run(['ip', 'link', 'set', this.#ends.outer, 'down'])
  }

  /** What the server sends goes nowhere, and it is not told. */
  blackhole(): void {
    run([...this.inside, 'ip', 'route', 'add', 'blackhole', `${this.#outerAddress}/32`])
  }

  /** All is well again. */
  heal(): void {
    run(['ip', 'link', 'set', this.#ends.outer, 'up'])
    run([...this.inside, 'iptables', '-w', '-F'])
    run([...this.inside, 'ip', 'route', 'flush', 'type', 'blackhole'])
  }

  [Symbol.dispose](): void {
    // With the namespace goes its end of the cable, and with that the other one.
    attempt(['ip', 'netns', 'delete', this.#name])
    attempt(['ip', 'link', 'delete', this.#ends.outer])
  }

  #build(): void {
    const { outer, inner } = this.#ends
    run(['ip', 'netns', 'add', this.#name])
    run(['ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', this.#name])
    run(['ip', 'address', 'add', `${this.#outerAddress}/30`, 'dev', outer])
    run(['ip', 'link', 'set', outer, 'up'])
    run([...this.inside, 'ip', 'address', 'add', `${this.address}/30`, 'dev', inner])
    run([...this.inside, 'ip', 'link', 'set', inner, 'up'])
    run([...this.inside, 'ip', 'link', 'set', 'lo', 'up'])
  }

  #filter(chain: string, rule: readonly string[]): void {
    run([...this.inside, 'iptables', '-w', '-A', chain, ...rule])
  }
}

/** Takes away what processes have left that were killed. */
function sweep(): void {
  const names = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n')
  for (const line of names) {
    const [name = ''] = line.split(' ')
    const owner = new RegExp(`^${PREFIX}(\\d+)$`).exec(name)?.[1]
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) {
      attempt(['ip', 'netns', 'delete', name])
    }
  }
}

/** @throws with what the program said when it fails */
function run([command = '', ...words]: readonly string[]): void {
  execFileSync(command, words, { stdio: 'pipe' })
}

function attempt(words: readonly string[]): void {
  try {
    run(words)
  } catch {
    // It was not there.
  }
}
