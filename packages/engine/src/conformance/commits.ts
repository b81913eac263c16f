/** Commits: whole, in order, within their limits. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../bounds.ts'
import type { Engine } from '../engine.ts'
import { bytes, OWNER, put, read, remove, removeRange, text } from './entries.ts'

// guards: D1, L4
export const commitTests: Record<string, (engine: Engine) => Promise<void>> = {
  'what is committed is read back': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    await partition.commit([put('a', '1'), put('b', '')])
    equal(text((await partition.get(bytes('a'))) ?? bytes('absent')), '1')
    equal((await partition.get(bytes('b')))?.length, 0)
    equal(await partition.get(bytes('c')), undefined)
    deepEqual(await read(partition), ['a=1', 'b='])
  },

  'the writes of one commit apply in order': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    await partition.commit([put('a', 'old'), put('b', 'old'), put('c', 'old')])
    await partition.commit([
      put('a', '1'),
      put('a', '2'),
      remove('b'),
      put('b', '3'),
      put('bb', '4'),
      removeRange('b', 'c'),
      put('bb', '5'),
      remove('absent'),
      removeRange('z', 'a'),
    ])
    deepEqual(await read(partition), ['a=2', 'bb=5', 'c=old'])
  },

  'commits offered without waiting apply in the order of the calls': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const commits: Promise<void>[] = []
    for (let index = 0; index < 200; index += 1) {
      commits.push(partition.commit([put('last', `${index}`), put(`n${index}`, '')]))
    }
    await Promise.all(commits)
    equal(text((await partition.get(bytes('last'))) ?? bytes('')), '199')
    equal((await read(partition)).length, 201)
  },

  'a commit past a limit is refused and writes nothing': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const { maxBytes, maxOperations } = partition.limits
    const most = Array.from({ length: maxOperations + 1 }, () => remove('a'))
    await rejects(partition.commit([put('a', '1'), ...most]), RangeError)
    const large = { kind: 'put', key: bytes('b'), value: new Uint8Array(maxBytes) } as const
    await rejects(partition.commit([put('a', '1'), large]), RangeError)
    const long = put('k'.repeat(KEY_BYTES_MAX + 1), '')
    await rejects(partition.commit([put('a', '1'), long]), RangeError)
    deepEqual(await read(partition), [])
    await partition.commit(most.slice(0, maxOperations))
  },

  'values may be large': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const value = new Uint8Array(VALUE_BYTES_MAX).map((_, index) => index % 251)
    const key = bytes('k'.repeat(KEY_BYTES_MAX))
    await partition.commit([{ kind: 'put', key, value }])
    equal(Buffer.compare((await partition.get(key)) ?? bytes(''), value), 0)
    const larger = { kind: 'put', key, value: new Uint8Array(VALUE_BYTES_MAX + 1) } as const
    await rejects(partition.commit([larger]), RangeError)
    await partition.commit([{ kind: 'put', key, value: bytes('small') }])
    deepEqual(await read(partition), [`${text(key)}=small`])
  },

  'the arrays of a settled commit may be reused': async (engine) => {
    const partition = await engine.claim('p', OWNER)
    const write = { kind: 'put', key: bytes('a'), value: bytes('1') } as const
    await partition.commit([write])
    write.key.fill(0)
    write.value.fill(0)
    const got = await partition.get(bytes('a'))
    equal(text(got ?? bytes('')), '1')
    got?.fill(0)
    deepEqual(await read(partition), ['a=1'])
  },

  'partitions are apart': async (engine) => {
    const one = await engine.claim('one', OWNER)
    const two = await engine.claim('one/two', OWNER)
    await Promise.all([one.commit([put('a', '1')]), two.commit([put('a', '2')])])
    await two.commit([removeRange('', '\xff')])
    deepEqual(await read(one), ['a=1'])
    deepEqual(await read(two), [])
  },
}
