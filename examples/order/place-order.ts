/** The client's part: begins an order, and finishes it itself when all goes well. */
import { type Pipe, type Task, UnavailableError } from 'tenure'
import type { Services } from './services.ts'
import { finish, ORDER, type Passed } from './shop.ts'

export async function placeOrder(
  pipe: Pipe,
  services: Services,
  { order, passed }: { readonly order: string; readonly passed?: Passed },
): Promise<void> {
  // However this scope is left: a task that was not deleted is stored, and comes to a handler.
  await using task = await open(pipe, order)
  await finish({ name: order, task, done: new Set() }, services, passed)
  await task.delete()
}

/** Whether an open without an answer was done is not known. A second task for the same order does no harm: its steps are done once. */
async function open(pipe: Pipe, order: string): Promise<Task> {
  for (;;) {
    try {
      return await pipe.open(ORDER, order)
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
    }
  }
}
