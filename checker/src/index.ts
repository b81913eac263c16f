/** The public door of this room: each name that others may use. */
export type { Impasse, Model, Operation, Verdict } from './history.ts'
