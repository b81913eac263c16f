/** A session on a sound way, beside all that happens to others: nothing of it may reach this one. */
import { connect } from 'tenure'
import type { Client, Session, SessionState } from 'tenure'

export class Bystander implements AsyncDisposable {
  /** All states that it went through; a good life has one. */
  readonly states: SessionState[] = []
  readonly session: Session
  readonly #client: Client

  private constructor(client: Client, session: Session) {
    this.#client = client
    this.session = session
    void this.#look()
  }

  static async come(address: string, path: string, timeoutMs: number): Promise<Bystander> {
    const client = connect(address)
    const options = { timeout: timeoutMs, createNode: true }
    return new Bystander(client, await client.openSession(path, options))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close()
  }

  async #look(): Promise<void> {
    for await (const state of this.session.states()) this.states.push(state)
  }
}
