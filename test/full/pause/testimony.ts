/**
 * What contenders have said, held against what may be true: whoever looks, or calls, after the lock was granted to another
 * must learn that it is lost.
 *
 * All times are of the machine's monotonic clock. A contender takes the time of a grant after the grant, and the time of a
 * look before the look; so what a pause in between does to them is in its favour.
 */

interface Grant {
  readonly token: bigint
  readonly atNs: bigint
}

interface Claim extends Grant {
  readonly line: string
}

const LINE = /^(granted|believed|called) (\d+) (\d+)$/

/** @returns what cannot be; `lines` are those of all contenders of one lock */
export function contradictions(lines: readonly string[]): string[] {
  const grants: Grant[] = []
  const claims: Claim[] = []
  for (const line of lines) {
    const [, word, token = '', at = ''] = LINE.exec(line) ?? []
    if (word === undefined) continue
    const said = { token: BigInt(token), atNs: BigInt(at) }
    if (word === 'granted') grants.push(said)
    else claims.push({ ...said, line })
  }
  const twice = grants.filter(
    ({ token }, at) => grants.findIndex((other) => other.token === token) !== at,
  )
  return [...twice.map(({ token }) => `token ${token} was granted twice`), ...late(grants, claims)]
}

/** Claims made after a later grant than their own. */
function late(grants: readonly Grant[], claims: readonly Claim[]): string[] {
  const byTime = [...grants].sort((one, other) => (one.atNs < other.atNs ? -1 : 1))
  const sorted = [...claims].sort((one, other) => (one.atNs < other.atNs ? -1 : 1))
  const wrong: string[] = []
  let greatest = 0n
  let next = 0
  for (const claim of sorted) {
    for (let grant = byTime[next]; grant !== undefined && grant.atNs < claim.atNs;) {
      if (grant.token > greatest) greatest = grant.token
      next += 1
      grant = byTime[next]
    }
    if (claim.token < greatest) {
      wrong.push(`"${claim.line}" when ${greatest} had been granted already`)
    }
  }
  return wrong
}
