/**
 * Texts in messages that the generated code reads. Its own decoder takes U+FEFF at the front of a text for a byte order mark and drops it,
 * so two names would become one; in protobuf a text is its characters, all of them.
 *
 * The generated code has one setting for the process, which holds for other readers of protobuf in it too: they keep the character as well.
 */
import { fromBinary } from '@bufbuild/protobuf'
import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire'

const lenient = new TextDecoder('utf-8', { ignoreBOM: true })
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

configureTextEncoding({
  ...getTextEncoding(),
  decodeUtf8: (bytes, isStrict) => (isStrict === true ? strict : lenient).decode(bytes),
})

export { fromBinary }
