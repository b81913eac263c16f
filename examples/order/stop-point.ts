/** For trying it out: ORDER_STOP_AT=asked-charge has a process die, as by kill -9, when it has asked for the charge and noted nothing yet. */
import type { Passed } from './shop.ts'

const stopAt = process.env['ORDER_STOP_AT']

export const dieAtStopPoint: Passed = (point) => {
  if (point === stopAt) process.kill(process.pid, 'SIGKILL')
}
