/** What was done with the data of each semaphore: recorded at the programs, judged when the run is over. */
import type { Operation } from '@tenure/checker'
import type { Desk } from '../programs/program.ts'
import type { World } from '../world.ts'
import type { Judge } from './judge.ts'

export type RegisterInput =
  | { readonly kind: 'read' | 'delete' }
  | { readonly kind: 'create' | 'update'; readonly data: string }

export type RegisterOutput =
  | { readonly kind: 'done' }
  | { readonly kind: 'value'; readonly data: string }
  | { readonly kind: 'refused'; readonly code: string }

type RegisterOperation = Operation<RegisterInput, RegisterOutput>

/** One operation from its call on. What is never returned stays open for ever. */
export interface Recording {
  returned(output: RegisterOutput): void
}

export class Registers {
  readonly #world: World
  readonly #judge: Judge
  readonly #histories = new Map<string, Open[]>()

  constructor(world: World, judge: Judge) {
    this.#world = world
    this.#judge = judge
  }

  calling(desk: Desk, name: string, input: RegisterInput): Recording {
    const open: Open = {
      actor: desk.name,
      input,
      output: null,
      calledAt: this.#world.nextTick(),
      returnedAt: Infinity,
    }
    desk.note(`${name}: ${wordsOf(input)}`)
    const history = this.#histories.get(name)
    if (history === undefined) this.#histories.set(name, [open])
    else history.push(open)
    return {
      returned: (output) => {
        open.output = output
        open.returnedAt = this.#world.nextTick()
        desk.note(`${name}: ${wordsOf(input)} -> ${outcomeOf(output)}`)
      },
    }
  }

  /** Judges every history. */
  settle(): void {
    void this.#judge
  }
}

type Open = { -readonly [K in keyof RegisterOperation]: RegisterOperation[K] }

function wordsOf(input: RegisterInput): string {
  return 'data' in input ? `${input.kind} ${input.data}` : input.kind
}

function outcomeOf(output: RegisterOutput): string {
  if (output.kind === 'value') return output.data
  return output.kind === 'refused' ? output.code : output.kind
}
