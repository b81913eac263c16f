/** Each transcript is what a kernel says, word for word. `npx vitest run -u` rewrites what follows the commands. */
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { playTranscript } from './transcript.ts'

const folder = new URL('transcripts/', import.meta.url)

// guards: X1, X2, X3, X4, X5, S1, S3, S6, W1, W2, M2
test.for(readdirSync(folder))('the kernel keeps to the transcript %s', async (name) => {
  const path = new URL(name, folder)
  await expect(playTranscript(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path.pathname)
})
