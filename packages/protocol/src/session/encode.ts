/** One message of a session stream as bytes of its own. */
import { WireWriter } from '../wire-writer.ts'
import type { SessionRequest } from './request.ts'
import { writeSessionRequest } from './request-writer.ts'
import { type SessionResponse, writeSessionResponse } from './response.ts'

/** Encoding never waits, so one writer serves all. */
const writer = new WireWriter()

/** @throws WireError when a number is no unsigned 64-bit one or a text is not well-formed Unicode */
export function encodeSessionRequest(request: SessionRequest): Buffer {
  return encode(() => writeSessionRequest(writer, request))
}

/** @throws WireError when a number is no unsigned 64-bit one or a text is not well-formed Unicode */
export function encodeSessionResponse(response: SessionResponse): Buffer {
  return encode(() => writeSessionResponse(writer, response))
}

function encode(write: () => void): Buffer {
  try {
    write()
  } catch (error) {
    writer.take()
    throw error
  }
  return writer.take()
}
