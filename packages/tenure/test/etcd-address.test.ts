import { expect, test } from 'vitest'
import { parseEngine, parseEngineUrl } from '../src/engine-url.ts'
import { parseEtcdAddress } from '../src/etcd-address.ts'

test('an address names members, a prefix, and who comes', () => {
  expect(parseEtcdAddress('etcd://h1:2379,h2,[::1]:9/tenure/blue', {})).toEqual({
    kind: 'etcd',
    endpoints: ['h1:2379', 'h2:2379', '[::1]:9'],
    prefix: '/tenure/blue',
    tls: null,
    login: null,
  })
  expect(parseEtcdAddress('etcds://me:p%40ss@h1/?ca=/a.pem&cert=/c.pem&key=/k.pem', {})).toEqual({
    kind: 'etcd',
    endpoints: ['h1:2379'],
    prefix: '/tenure',
    tls: { ca: '/a.pem', cert: '/c.pem', key: '/k.pem' },
    login: { user: 'me', password: 'p@ss' },
  })
  const larger = parseEtcdAddress('etcd://h1/?max-txn-ops=1024&max-request-bytes=4194304', {})
  expect(larger).toMatchObject({ maxTxnOps: 1024, maxRequestBytes: 4_194_304 })
})

test('what an address leaves out comes from the variables of etcdctl', () => {
  const environment = {
    ETCDCTL_ENDPOINTS: 'https://h1:2379, https://h2:2379',
    ETCDCTL_USER: 'root:p%ss:word',
    ETCDCTL_CACERT: '/ca.pem',
    ETCDCTL_CERT: '/cert.pem',
    ETCDCTL_KEY: '/key.pem',
  }
  expect(parseEtcdAddress('etcd:///blue', environment)).toEqual({
    kind: 'etcd',
    endpoints: ['h1:2379', 'h2:2379'],
    prefix: '/blue',
    tls: { ca: '/ca.pem', cert: '/cert.pem', key: '/key.pem' },
    login: { user: 'root', password: 'p%ss:word' },
  })
  const own = parseEtcdAddress('etcds://me:x@h3/?ca=/mine.pem', environment)
  expect(own).toMatchObject({
    endpoints: ['h3:2379'],
    tls: { ca: '/mine.pem', cert: '/cert.pem' },
    login: { user: 'me', password: 'x' },
  })
  expect(parseEtcdAddress('etcd://h3/', environment)?.tls).toBeNull()
  const apart = { ETCDCTL_USER: 'root', ETCDCTL_PASSWORD: 'secret' }
  expect(parseEtcdAddress('etcd://', apart)).toMatchObject({
    endpoints: ['127.0.0.1:2379'],
    login: { user: 'root', password: 'secret' },
  })
})

// guards: A4
test('an address that cannot be is refused, and no password is quoted', () => {
  for (const url of [
    'etcd:h1',
    'etcd:/h1',
    'etcd://me:secret@h1:999999/',
    'etcd://me:secret@h1,,h2/',
    'etcd://me:secret@h1:x/',
    'etcd://me:secret@h1/?pool=3',
    'etcd://me:secret@h1/?max-txn-ops=many',
    'etcd://me:secret%zz@h1/',
  ]) {
    expect(() => parseEngine(url)).toThrow(RangeError)
    expect(() => parseEngine(url)).toThrow(/^(?!.*secret)/)
  }
})

test('other schemes are left to others', () => {
  expect(parseEtcdAddress('etcdfoo://h1', {})).toBeNull()
  expect(parseEngineUrl('grpc://h1/local')).toBeNull()
})
