/** A move that is not begun: nothing has changed anywhere. The message says why, and what to do. */
export class MovingRefused extends Error {
  override name = 'MovingRefused'
}
