/** Bugs of the client library: what a program may believe, and what is asked on its behalf. */
import type { Mutant } from './mutant.ts'

const ACQUISITION = 'packages/client/src/session/acquisition.ts'
const ATTACHMENT = 'packages/client/src/link/ydb/attachment.ts'
const CONNECTION = 'packages/client/src/session/connection.ts'
const HOLDINGS = 'packages/client/src/session/holdings.ts'
const LATEST = 'packages/client/src/session/latest.ts'
const LEASE = 'packages/client/src/lease.ts'
const OUTBOX = 'packages/client/src/session/outbox.ts'
const SESSION = 'packages/client/src/session.ts'
const WRITES = 'packages/client/src/session/writes.ts'
const WATCHES = 'packages/client/src/session/watches.ts'

const BELIEFS: readonly Mutant[] = [
  {
    name: 'belief counts from the answer',
    breaks: 'X7',
    file: ATTACHMENT,
    original: '    this.#listener.contact(sentAtMs)\n',
    planted: '    this.#listener.contact(Math.max(sentAtMs, this.#ground.clock.monotonicMs()))\n',
  },
  {
    name: 'belief has no margin',
    breaks: 'X7',
    file: CONNECTION,
    original: 'const spanMs = settings.timeoutMs - settings.marginMs',
    planted: 'const spanMs = settings.timeoutMs',
  },
  {
    name: 'belief is for ever',
    breaks: 'X7',
    file: CONNECTION,
    original: 'new Belief(clock, spanMs, () => this.#fallSilent())',
    planted: 'new Belief(clock, spanMs, () => {})',
  },
  {
    name: 'a session does not look at the clock after a pause',
    breaks: 'X7',
    file: SESSION,
    original: '    void this.#core.connection.reason\n    return this.#controller.signal',
    planted: '    return this.#controller.signal',
  },
  {
    name: 'a lease that is lost does not say so',
    breaks: 'X7',
    file: LEASE,
    original: '    this.#finish(() => reason)\n',
    planted: '    void reason\n',
  },
]

const REQUESTS: readonly Mutant[] = [
  {
    name: 'what was not answered is not asked again',
    breaks: 'O2',
    file: OUTBOX,
    original:
      'if (this.#attachment === attachment && this.#isHere(call)) this.#pass(call, attachment)',
    planted: 'if (call.attempts === 0) this.#pass(call, attachment)',
  },
  {
    name: 'what was not answered is asked again in the wrong order',
    breaks: 'L2',
    file: OUTBOX,
    original: 'for (const call of Array.from(this.#calls)) {',
    planted: 'for (const call of Array.from(this.#calls).reverse()) {',
  },
  {
    name: 'a write that is put off is overtaken by a later one',
    breaks: 'L2',
    file: WRITES,
    original: 'const mustWait = names.some((name) => this.#lines.has(name))',
    planted: 'const mustWait = names.length < 0',
  },
  {
    name: 'the calls of a lost session wait for ever',
    breaks: 'O2',
    file: CONNECTION,
    original: '    this.outbox.failAll(reason)\n',
    planted: '',
  },
  {
    name: 'an acquire that is given up stays with the server',
    breaks: 'X3',
    file: ACQUISITION,
    original: '      else giveBack(core, request.name)',
    planted: '      else core.holdings.leave(request.name)',
  },
  {
    name: 'a release is not sent',
    breaks: 'X3',
    file: LEASE,
    original: '    return new Promise((resolve, reject) => {\n      connection.request(\n',
    planted:
      '    return new Promise((resolve, reject) => {\n      if (this.#count > 0n) return resolve(holdings.leave(this.name))\n      connection.request(\n',
  },
  {
    name: 'the line of a session lets two through',
    breaks: 'X1',
    file: HOLDINGS,
    original: '    if (line.isTaken) {\n      line.places ??= new Set()',
    planted: '    if (line.isTaken && place === null) {\n      line.places ??= new Set()',
  },
  {
    name: 'a session that is closed is not stopped',
    breaks: 'S2',
    file: CONNECTION,
    original: '      if (wasAttached) this.#attachment?.stop()',
    planted: '      if (wasAttached) this.#finish()',
  },
]

const SIGHTS: readonly Mutant[] = [
  {
    name: 'watches are not set again',
    breaks: 'W3',
    file: WATCHES,
    original: '    this.#isDescribing = false\n    this.#refresh()',
    planted: '    this.#isDescribing = false',
  },
  {
    name: 'a slow reader keeps an old state',
    breaks: 'W3',
    file: LATEST,
    original: '    this.#item = { value }\n',
    planted: '    this.#item ??= { value }\n',
  },
  {
    name: 'a change of data alone is not passed on',
    breaks: 'W3',
    file: WATCHES,
    original: '  if (flags.watchData && !sameBytes(before.data, after.data)) return true\n',
    planted: '',
  },
  {
    name: 'a change is read once and watched no more',
    breaks: 'W3',
    file: WATCHES,
    original: '      (news) => {\n        if (isCurrent()) this.#told(news)\n      },',
    planted: '      () => {},',
  },
]

export const CLIENT_MUTANTS: readonly Mutant[] = [...BELIEFS, ...REQUESTS, ...SIGHTS]
