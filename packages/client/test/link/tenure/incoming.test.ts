/** What a connection hears is taken in slices, so that client and server work at the same time. */
import { decodeClientFrame, type ServerMessage } from '@tenure/protocol'
import { expect, test } from 'vitest'
import { Incoming } from '../../../src/link/tenure/incoming.ts'
import { FakeClock } from '../../fake-clock.ts'
import { turn } from './fake-server.ts'
import { Stage } from './stage.ts'

const RELEASE = { kind: 'release', name: 'a' } as const

function pongs(first: number, count: number): ServerMessage[] {
  return Array.from({ length: count }, (_, at) => ({ kind: 'pong', id: first + at }))
}

function taking(): { incoming: Incoming; taken: number[] } {
  const taken: number[] = []
  const incoming = new Incoming(new FakeClock(), (message) => {
    if (message.kind === 'pong') taken.push(message.id)
  })
  return { incoming, taken }
}

test('what the first answers of a long frame lead to leaves before the last ones are taken', async () => {
  const stage = new Stage()
  const { attachment } = await stage.join()
  for (let at = 0; at < 256; at += 1) {
    attachment.send(RELEASE, () => void attachment.send(RELEASE, () => {}))
  }
  await turn()
  const before = stage.stream.frames.length
  const reply = { kind: 'released', released: true } as const
  const asked = stage.stream.of('ask')
  stage.stream.say(...asked.map(({ id }) => ({ kind: 'answer', id, reply }) as const))
  while (stage.stream.of('ask').length < 512) await turn()
  const followers = stage.stream.frames.slice(before).map((frame) => decodeClientFrame(frame))
  expect(followers.map((messages) => messages.length)).toEqual([64, 64, 64, 64])
})

test('no frame overtakes another, and only one of them waits', async () => {
  const { incoming, taken } = taking()
  incoming.add(pongs(1, 200))
  expect(taken).toHaveLength(64)
  incoming.add(pongs(201, 100))
  expect(taken).toHaveLength(264)
  await turn()
  expect(taken).toEqual(pongs(1, 300).map((message) => ('id' in message ? message.id : 0)))
})

test('what was said before the end of a connection is heard before it', async () => {
  const stage = new Stage()
  const { attachment, told } = await stage.join()
  const heard: boolean[] = []
  for (let at = 0; at < 100; at += 1) {
    attachment.send(RELEASE, () => void heard.push(told.ends.length === 0))
  }
  await turn()
  const reply = { kind: 'released', released: true } as const
  const asked = stage.stream.of('ask')
  stage.stream.say(...asked.map(({ id }) => ({ kind: 'answer', id, reply }) as const))
  expect(heard).toHaveLength(64)
  stage.stream.end()
  expect(heard).toEqual(Array.from({ length: 100 }, () => true))
  expect(told.ends).toMatchObject([{ kind: 'broken' }])
})

test('nothing is taken behind a close, also when it comes in the middle of a slice', async () => {
  const taken: number[] = []
  const incoming: Incoming = new Incoming(new FakeClock(), (message) => {
    if (message.kind !== 'pong') return
    taken.push(message.id)
    if (message.id === 70) incoming.close()
  })
  incoming.add(pongs(1, 200))
  await turn()
  await turn()
  expect(taken.at(-1)).toBe(70)
  incoming.add(pongs(201, 3))
  expect(taken.slice(-3)).toEqual([201, 202, 203])
})
