/** Questions about a process group, which nothing tells us about by itself. */
import { readFileSync, readdirSync } from 'node:fs'

/** Whether anybody of the group can still act. The remains of ended processes, which nobody has collected, do not count. */
export function groupLives(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  return process.platform === 'linux' ? hasLivingMember(group) : true
}

/** In a container whose first process collects nobody the remains stay for ever, and signals seem to reach them. */
function hasLivingMember(group: number): boolean {
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false
    const member = stateOf(entry)
    return member !== null && member.group === group && !'ZX'.includes(member.state)
  })
}

function stateOf(pid: string): { state: string; group: number } | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in brackets may hold anything, brackets too; what follows the last one is: state, parent, group.
    const [state = '', , group] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return { state, group: Number(group) }
  } catch {
    return null
  }
}
