/** One suite for every engine. An engine has no behaviour of its own to test. */
export { conformance } from './conformance.ts'
export type { EngineUnderTest, TestApi } from './conformance.ts'
