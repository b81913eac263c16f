/** What is asked of the whole product: that programs, and whoever looks, see what a plain model sees. */
import { asyncModelRun, asyncProperty, boolean, constantFrom, integer } from 'fast-check'
import type { IAsyncProperty } from 'fast-check'
import { Model } from './model.ts'
import { wireMoves, worldMoves } from './moves.ts'
import { WireStage } from './wire-stage.ts'
import { World } from './world.ts'

/** In one thread, on a clock that is moved. */
export const worldAgreement: IAsyncProperty<unknown> = asyncProperty(
  worldMoves,
  integer({ min: 0 }),
  boolean(),
  async (script, seed, isForeign) => {
    const [world, model] = [new World(seed, isForeign), new Model()]
    await world.begin(model)
    await asyncModelRun(() => ({ model, real: world }), script)
    await world.end()
  },
)

/** Over gRPC, in real time, by either protocol. */
export const wireAgreement: IAsyncProperty<unknown> = asyncProperty(
  wireMoves,
  constantFrom('tenure', 'ydb'),
  async (script, protocol) => {
    const model = new Model()
    const stage = await WireStage.begin(model, protocol)
    try {
      await asyncModelRun(() => ({ model, real: stage }), script)
    } finally {
      await stage.end()
    }
  },
)
