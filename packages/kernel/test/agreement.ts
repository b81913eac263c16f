/** That a kernel and a model live one life without a difference. */
import { modelRun, property } from 'fast-check'
import type { IProperty } from 'fast-check'
import { life } from './life.ts'
import { Twins } from './twins.ts'

export const agreement: IProperty<unknown> = property(life, (moves) => {
  modelRun(() => ({ model: {}, real: new Twins() }), moves)
})
