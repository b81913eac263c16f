/** Bugs of the host: when what a node has decided is stored, said and forgotten. */
import type { Mutant } from './mutant.ts'

const HOST = 'packages/server/src/host/host.ts'
const FULL_MODE = 'packages/server/src/tablet/full-mode.ts'
const PIPELINE = 'packages/server/src/tablet/pipeline.ts'
const SERVED_TIME = 'packages/server/src/tablet/served-time.ts'
const TABLET = 'packages/server/src/tablet/tablet.ts'

export const TABLET_MUTANTS: readonly Mutant[] = [
  {
    name: 'a result leaves before the commit',
    breaks: 'L3',
    file: PIPELINE,
    original:
      '        await this.#commit(batch)\n        if (!this.#broken) this.#ports.settled(batch)',
    planted: '        this.#ports.settled(batch)\n        await this.#commit(batch)',
  },
  {
    name: 'a read is answered without a look at who owns the node',
    breaks: 'X6',
    file: PIPELINE,
    original: '      return partition.confirm()',
    planted: '      return',
  },
  {
    name: 'a commit that failed counts as done',
    breaks: 'D1',
    file: PIPELINE,
    original: '      await partition.commit(piece)\n',
    planted: '      await partition.commit(piece).catch(() => {})\n',
  },
  {
    name: 'work goes on behind a commit of unknown end',
    breaks: 'L1',
    file: PIPELINE,
    original: '      } catch (error) {\n        if (!this.#broken) {',
    planted:
      "      } catch (error) {\n        if (!this.#broken && (error as Error).name !== 'EngineError') {",
  },
  {
    name: 'of a commit in pieces only the first is made',
    breaks: 'L4',
    file: PIPELINE,
    original: 'for (const piece of this.#pieces(batch)) {',
    planted: 'for (const piece of this.#pieces(batch).slice(0, 1)) {',
  },
  {
    name: 'the latest batch is committed first',
    breaks: 'L1',
    file: PIPELINE,
    original: 'const batch = this.#queue.shift()',
    planted: 'const batch = this.#queue.pop()',
  },
  {
    name: 'the counters are not committed',
    breaks: 'X2',
    file: PIPELINE,
    original: '    batch.writes.unshift(...seal)\n',
    planted: '',
  },
  {
    name: 'the time of a pause counts',
    breaks: 'S4',
    file: SERVED_TIME,
    original: 'return Math.min(this.#clock.monotonicMs(), latestMs) - this.#pausedMs',
    planted: 'return Math.max(this.#clock.monotonicMs(), latestMs * 0)',
  },
  {
    name: 'a node without room takes writes',
    breaks: 'D4',
    file: FULL_MODE,
    original: "    if (command.kind === 'attach') return command.session !== 0n",
    planted: "    if (command.kind !== 'describe-node') return true",
  },
  {
    name: 'a host to whom nobody speaks does not look whether it still owns its node',
    breaks: 'X6',
    file: TABLET,
    original: 'if (this.#streams.size > 0) this.#pipeline.confirm()',
    planted: '',
  },
  {
    name: 'new deadlines are not seen',
    breaks: 'S2',
    file: TABLET,
    original: '    this.#aim()\n    const writes = this.#kernel.seal()',
    planted: '    const writes = this.#kernel.seal()',
  },
  {
    name: 'a stop answers nobody',
    breaks: 'S7',
    file: TABLET,
    original: '    await this.#pipeline.idle()\n',
    planted: '',
  },
  {
    name: 'a node that was lost to another host is kept',
    breaks: 'X6',
    file: HOST,
    original: '    this.#forget(residence)\n    if (end.why',
    planted: "    if (end.why !== 'fenced') this.#forget(residence)\n    if (end.why",
  },
]
