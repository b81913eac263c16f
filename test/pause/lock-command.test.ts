/**
 * `tenure lock` when it alone sleeps: its command outlives the lock, which only the token shows.
 *
 * guards: X8, X2
 */
import { connect } from 'tenure'
import { expect, test } from 'vitest'
import { ServerProcess, tenure } from '../program.ts'

const SAYS_TOKEN = 'while :; do echo "token $TENURE_LOCK_TOKEN"; sleep 0.01; done'

test(
  'a command whose tenure is stopped alone goes on past the lock, under a token that is out of date',
  { timeout: 60_000 },
  async () => {
    await using server = await ServerProcess.start()
    const words = ['-a', server.address, '--timeout', '1s', 'lock', 'printer', '--', 'sh', '-c']
    await using program = tenure(...words, SAYS_TOKEN)
    const stale = BigInt((await program.says(/^token/)).slice('token '.length))
    program.kill('SIGSTOP')

    await using client = connect(server.address)
    await using session = await client.openSession('/local/tenure')
    await using lock = await session.mutex('printer').lock()
    expect(lock.token).toBeGreaterThan(stale)
    // The command still runs: nobody was there to stop it.
    program.forget()
    expect(await program.says(/^token/)).toBe(`token ${stale}`)

    program.kill('SIGCONT')
    expect((await program.exit).code).toBe(76)
    expect(program.lines.at(-1)).toMatch(
      /the lock "printer" was lost, the command has been stopped/,
    )
  },
)
