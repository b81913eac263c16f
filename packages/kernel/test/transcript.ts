/**
 * Plays a transcript against a kernel. Commands stand at the margin; what followed is written below them, indented.
 *
 *     limits sessionsMax=2              small limits, before anything else
 *     create-node selfCheck=500 grace=0 read=strict attach=relaxed counters=detailed
 *     alter-node …   describe-node   drop-node
 *     A attach timeout=5000 seq=1 key=abc description=text         a new session on stream A
 *     B attach s1 …                                                session 1 to stream B
 *     A s1 create jobs limit=3 data=text
 *     A s1 update jobs data=text change=3 settled=2
 *     A s1 delete jobs force
 *     A s1 acquire jobs count=1 timeout=max data=text ephemeral
 *     A s1 release jobs
 *     A s1 describe jobs owners waiters watch-data watch-owners watch-absent watch-stands
 *     A s1 forget word                  takes back a watch that stands, by the name of its describe
 *     show                              what watches that stand see now
 *     A s1 stop   A s1 detach
 *     wait 5000                         time passes, and what is due happens
 *     pause 5000                        time passes, and nothing happens
 *     restart                           a new kernel from what the old one kept
 *     statistics   next-deadline
 *
 * Defaults: count 1, limit 1, timeout max for an acquire and 10000 for a session, everything else empty or zero. `x*1024`
 * is a text of 1024 x, `max` is 2^64-1, `\ud800` is one UTF-16 unit, `""` the empty text. `as=word` names a request;
 * without it a request is named by its verb.
 */
import { Kernel, MAX_U64 } from '@tenure/kernel'
import type {
  Attach,
  Change,
  Command,
  ConsistencyMode,
  CountersMode,
  Ended,
  Event,
  HolderDescription,
  Limits,
  LogEvent,
  NodeConfig,
  OperatorEvent,
  RecordEvent,
  SemaphoreDescription,
  SemaphoreShown,
  SessionCommand,
  Step,
} from '@tenure/kernel'
import { Store } from './store.ts'

/** The transcript as it must be: the commands of `text`, each with what follows from it. */
export function playTranscript(text: string): string {
  const player = new Player()
  const lines: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith(' ')) continue
    lines.push(line)
    if (line !== '' && !line.startsWith('#')) {
      lines.push(...player.play(line).map((result) => `  ${result}`))
    }
  }
  return lines.join('\n')
}

interface Asked {
  readonly stream: number
  readonly requestId: bigint
  readonly session: bigint
}

type Unasked<T> = T extends Asked ? Omit<T, keyof Asked> : never

/** Commands on the node itself come from stream Z. */
const NODE_STREAM = 26

interface Words {
  readonly plain: readonly string[]
  readonly named: ReadonlyMap<string, string>
}

class Player {
  #limits: Partial<Limits> = {}
  #kernel = started(new Kernel())
  #store = new Store()
  #nowMs = 0
  #requests = 0n
  readonly #requestNames = new Map<bigint, string>()

  play(line: string): string[] {
    const words = parse(line)
    const [first = ''] = words.plain
    switch (first) {
      case 'limits':
        this.#limits = Object.fromEntries(
          [...words.named].map(([key, value]) => [key, Number(value)]),
        )
        this.#kernel = started(new Kernel(this.#limits))
        return []
      case 'wait':
        this.#nowMs += Number(words.plain[1])
        return this.#tell(this.#kernel.advance(this.#nowMs))
      case 'pause':
        this.#nowMs += Number(words.plain[1])
        return []
      case 'restart':
        this.#restart()
        return []
      case 'statistics':
        return [formatPairs(this.#kernel.statistics())]
      case 'next-deadline':
        return [`in ${this.#kernel.nextDeadlineMs() - this.#nowMs}`]
      case 'show':
        return this.#kernel.shown().flatMap((event) => this.#format(event))
      default: {
        const requestId = ++this.#requests
        const command =
          words.plain[2] === 'forget'
            ? this.#forgetting(words, requestId)
            : commandOf(words, requestId)
        this.#requestNames.set(requestId, words.named.get('as') ?? verbOf(words))
        return this.#tell(this.#kernel.apply(command, this.#nowMs))
      }
    }
  }

  /** Takes back the latest request of that name. */
  #forgetting(words: Words, requestId: bigint): Command {
    const [, , , target = ''] = words.plain
    const named = [...this.#requestNames].findLast(([, name]) => name === target)
    return { kind: 'forget', ...askedOf(words, requestId), target: named?.[0] ?? 0n }
  }

  #restart(): void {
    this.#kernel = new Kernel(this.#limits)
    for (const entry of this.#store.entries()) this.#kernel.load(entry)
    this.#kernel.start(this.#nowMs)
  }

  #tell(step: Step): string[] {
    this.#store.apply([...step.writes, ...this.#kernel.seal()])
    return step.events.flatMap((event) => this.#format(event))
  }

  #format(event: Event): string[] {
    const stream = String.fromCharCode(64 + event.stream)
    if (event.kind === 'ended') return [`${stream} s${event.session} ended ${event.reason}`]
    if (event.kind === 'semaphore-shown') return this.#formatShown(event, stream)
    if (!isSpoken(event)) throw new Error(`a transcript has no word for ${event.kind}`)
    const name = this.#requestNames.get(event.requestId)
    const [head = '', ...more] = formatAnswer(event)
    return [`${stream} ${name}: ${head}`, ...more.map((line) => `  ${line}`)]
  }

  #formatShown({ requestIds, description }: SemaphoreShown, stream: string): string[] {
    const names = requestIds.map((id) => this.#requestNames.get(id)).join(' ')
    const [head, ...more] = formatDescription(description)
    return [`${stream} ${names}: shown ${head}`, ...more.map((line) => `  ${line}`)]
  }
}

function started(kernel: Kernel): Kernel {
  kernel.start(0)
  return kernel
}

function parse(line: string): Words {
  const plain: string[] = []
  const named = new Map<string, string>()
  for (const word of line.split(' ')) {
    const [key = '', value] = word.split('=')
    if (value === undefined) plain.push(textOf(key))
    else named.set(key, textOf(value))
  }
  return { plain, named }
}

function textOf(word: string): string {
  const repeated = /^(.+)\*(\d+)$/.exec(word)
  if (repeated !== null) return (repeated[1] ?? '').repeat(Number(repeated[2]))
  if (word === '""') return ''
  return word.replaceAll(/\\u([0-9a-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}

function verbOf({ plain }: Words): string {
  return plain.find((word) => /^[a-z-]{3,}$/.test(word)) ?? ''
}

function commandOf(words: Words, requestId: bigint): Command {
  const [first = '', second = '', third = ''] = words.plain
  const config = configOf(words.named)
  const onNode = { stream: NODE_STREAM, requestId }
  if (first === 'create-node' || first === 'alter-node') return { kind: first, ...onNode, config }
  if (first === 'drop-node' || first === 'describe-node') return { kind: first, ...onNode }
  const asked = askedOf(words, requestId)
  const { stream } = asked
  if (second === 'attach') {
    const session = BigInt(third.slice(1))
    return { kind: 'attach', stream, requestId, session, ...attachmentOf(words) }
  }
  if (third === 'detach') return { kind: 'detach', stream, session: asked.session }
  if (third === 'stop') return { kind: 'stop', ...asked }
  return { ...asked, ...semaphoreCommandOf(words) }
}

function askedOf({ plain }: Words, requestId: bigint): Asked {
  const [first = '', second = ''] = plain
  const session = BigInt(/^s(\d+)$/.exec(second)?.[1] ?? 0)
  return { stream: first.charCodeAt(0) - 64, requestId, session }
}

function attachmentOf({ named }: Words): Omit<Attach, 'kind' | keyof Asked> {
  return {
    timeoutMs: numberOf(named.get('timeout'), 10_000n),
    description: named.get('description') ?? '',
    sequenceNumber: numberOf(named.get('seq'), 0n),
    protectionKey: Buffer.from(named.get('key') ?? ''),
  }
}

function changeOf(named: Words['named']): { change?: Change } {
  const serial = named.get('change')
  if (serial === undefined) return {}
  const settledBelow = numberOf(named.get('settled'), 1n)
  return { change: { serial: BigInt(serial), settledBelow } }
}

function semaphoreCommandOf({ plain, named }: Words): Unasked<SessionCommand> {
  const [, , verb = '', name = '', ...flags] = plain
  const data = Buffer.from(named.get('data') ?? '')
  const has = (flag: string): boolean => flags.includes(flag)
  switch (verb) {
    case 'create':
      return {
        kind: 'create-semaphore',
        name,
        limit: numberOf(named.get('limit'), 1n),
        data,
        ...changeOf(named),
      }
    case 'update':
      return { kind: 'update-semaphore', name, data, ...changeOf(named) }
    case 'delete':
      return { kind: 'delete-semaphore', name, force: has('force'), ...changeOf(named) }
    case 'release':
      return { kind: 'release', name }
    case 'acquire': {
      const count = numberOf(named.get('count'), 1n)
      const timeoutMs = numberOf(named.get('timeout'), MAX_U64)
      return { kind: 'acquire', name, count, timeoutMs, data, ephemeral: has('ephemeral') }
    }
    case 'describe':
      return {
        kind: 'describe-semaphore',
        name,
        owners: has('owners'),
        waiters: has('waiters'),
        watchData: has('watch-data'),
        watchOwners: has('watch-owners'),
        watchAbsent: has('watch-absent'),
        watchStands: has('watch-stands'),
      }
    default:
      throw new Error(`no such command: ${plain.join(' ')}`)
  }
}

function numberOf(word: string | undefined, absent: bigint): bigint {
  if (word === undefined) return absent
  if (word === 'max+1') return MAX_U64 + 1n
  if (word === 'max-1') return MAX_U64 - 1n
  return word === 'max' ? MAX_U64 : BigInt(word)
}

function configOf(named: Words['named']): NodeConfig {
  return {
    selfCheckPeriodMs: Number(named.get('selfCheck') ?? 0),
    sessionGracePeriodMs: Number(named.get('grace') ?? 0),
    readConsistency: consistencyOf(named.get('read')),
    attachConsistency: consistencyOf(named.get('attach')),
    rateLimiterCounters: countersOf(named.get('counters')),
  }
}

function consistencyOf(word = 'unset'): ConsistencyMode {
  if (word === 'unset' || word === 'strict' || word === 'relaxed') return word
  throw new Error(`no such mode: ${word}`)
}

function countersOf(word = 'unset'): CountersMode {
  if (word === 'unset' || word === 'aggregated' || word === 'detailed') return word
  throw new Error(`no such mode: ${word}`)
}

type Spoken = Exclude<Event, RecordEvent | LogEvent | OperatorEvent | Ended | SemaphoreShown>

const SPOKEN: Readonly<Record<Spoken['kind'], true>> = {
  refused: true,
  done: true,
  'node-described': true,
  attached: true,
  stopped: true,
  pending: true,
  acquired: true,
  'not-acquired': true,
  released: true,
  'semaphore-described': true,
  changed: true,
}

function isSpoken(event: Event): event is Spoken {
  return event.kind in SPOKEN
}

function formatAnswer(event: Spoken): string[] {
  switch (event.kind) {
    case 'refused':
      return [`refused ${event.code} ${shorten(event.message)}`]
    case 'attached':
      return [`attached s${event.session} timeout=${event.timeoutMs}`]
    case 'stopped':
      return [`stopped s${event.session}`]
    case 'pending':
    case 'acquired':
      return [`${event.kind} order=${event.orderId}`]
    case 'released':
      return [event.released ? 'released' : 'released nothing']
    case 'changed':
      return [`changed data=${event.data} owners=${event.owners} s${event.session}`]
    case 'node-described':
      return [`node ${formatPairs(event.config)}`]
    case 'semaphore-described':
      return formatDescribed(event)
    case 'done':
    case 'not-acquired':
    default:
      return [event.kind]
  }
}

function formatDescribed(event: Extract<Event, { kind: 'semaphore-described' }>): string[] {
  const { description, watchAdded } = event
  const [head, ...more] = formatDescription(description)
  return [`described ${head}${watchAdded ? ' watched' : ''}`, ...more]
}

function formatDescription(description: SemaphoreDescription | null): string[] {
  if (description === null) return ['nothing']
  const { name, limit, held, data, ephemeral, owners, waiters } = description
  const kind = ephemeral ? ' ephemeral' : ''
  return [
    `${shorten(name)} limit=${amount(limit)} held=${amount(held)} data=${bytes(data)}${kind}`,
    ...owners.map((holder) => `owner ${formatHolder(holder)}`),
    ...waiters.map(
      (holder) => `waiter ${formatHolder(holder)} timeout=${amount(holder.timeoutMs)}`,
    ),
  ]
}

function formatHolder({ session, orderId, count, data }: HolderDescription): string {
  return `s${session} order=${orderId} count=${amount(count)} data=${bytes(data)}`
}

function amount(value: bigint): string {
  return value === MAX_U64 ? 'max' : String(value)
}

function bytes(data: Uint8Array): string {
  return shorten(Buffer.from(data).toString('utf8'))
}

function shorten(text: string): string {
  return JSON.stringify(
    text.replaceAll(/(.)\1{99,}/g, (all, one: string) => `${one}*${all.length}`),
  )
}

function formatPairs(pairs: object): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(' ')
}
