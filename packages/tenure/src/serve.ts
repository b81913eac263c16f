/** A server inside this process, for programs that bring their own. */
export type Serving = never
export const serve = (): never => { throw new Error('x') }
