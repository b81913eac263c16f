/** All that can be found wrong with a history. */
import type { History, Violation } from '../history.ts'
import { judgeDescriptions, judgeHoldings, judgeSight } from './exclusion.ts'
import { judgeLine, judgeTokens } from './order.ts'
import { judgeRegisters } from './registers.ts'
import { judgeAnswers, judgeEnds, judgeInheritances, judgeLives, judgeWaits } from './sessions.ts'
import { staysOf } from './stays.ts'
import { judgeWatches } from './watches.ts'

/** @param registers names of the semaphores that nobody acquires */
export function judge(history: History, registers: readonly string[]): Violation[] {
  const stays = staysOf(history)
  return [
    ...history.violations,
    ...judgeHoldings(stays),
    ...judgeDescriptions(history),
    ...judgeSight(history, stays),
    ...judgeTokens(history),
    ...judgeLine(history, stays),
    ...judgeWaits(history),
    ...judgeAnswers(history),
    ...judgeLives(history),
    ...judgeEnds(history),
    ...judgeInheritances(history),
    ...judgeWatches(history, registers),
    ...judgeRegisters(history, registers),
  ]
}
