/** A bug to plant: a change of one place in the product's sources, made while they are loaded. */
export interface Mutant {
  /** What the product does wrong with it. */
  readonly name: string
  /** The promise that it breaks, as in the list of promises. */
  readonly breaks: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly original: string
  readonly planted: string
}
