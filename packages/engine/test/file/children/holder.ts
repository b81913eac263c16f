/** Opens a store, says so, and keeps it until it is killed or its input ends. */
import { openFileEngine } from '../../../src/file/index.ts'

try {
  const engine = await openFileEngine(String(process.argv[2]), { address: '127.0.0.1:4711' })
  process.stdout.write('open\n')
  process.stdin.on('end', () => void engine.close()).resume()
} catch (error) {
  process.stdout.write(`${String(error)}\n`)
}
