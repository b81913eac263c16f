/** The engine that keeps everything in an etcd cluster. */
export { type EtcdOptions, openEtcdEngine } from './etcd-engine.ts'
