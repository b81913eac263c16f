/** What people copy to run servers: the files are read by those who will read them. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Deployment } from 'kubernetes-models/apps/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Secret, Service } from 'kubernetes-models/v1'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { lacks } from './needs.ts'

const MANIFESTS = 'deploy/kubernetes/tenure.yaml'
const KINDS = { Deployment, PodDisruptionBudget, Secret, Service }

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
}

function manifests(): Manifest[] {
  const documents = parseAllDocuments(readFileSync(MANIFESTS, 'utf8'))
  return [...documents].map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS()
  })
}

/** @throws Error that names the field which is not as it should be */
function judge(manifest: Manifest): void {
  const Kind = Object.entries(KINDS).find(([kind]) => kind === manifest.kind)?.[1]
  if (Kind === undefined) throw new Error(`nobody judges a ${manifest.kind}`)
  new Kind(manifest).validate()
}

test('the Kubernetes manifests are what the schemas of Kubernetes want', () => {
  const found = manifests()
  expect(found.map(({ kind }) => kind)).toEqual([
    'Secret',
    'Service',
    'Service',
    'Deployment',
    'PodDisruptionBudget',
  ])
  for (const manifest of found) judge(manifest)
})

test('the judge of the manifests sees a field of the wrong type', () => {
  const [deployment] = manifests().filter(({ kind }) => kind === 'Deployment')
  const wrong = { metadata: { name: 'tenure' }, ...deployment, spec: { replicas: 'three' } }
  expect(() => judge({ kind: 'Deployment', ...wrong })).toThrow('replicas')
})

test('the manifests select the servers that they start, at ports that these open', () => {
  const text = readFileSync(MANIFESTS, 'utf8')
  const labels = text.match(/app\.kubernetes\.io\/name: \w+/g)
  expect(new Set(labels)).toEqual(new Set(['app.kubernetes.io/name: tenure']))
  for (const port of ['grpc', 'http']) expect(text).toContain(`name: ${port}, containerPort`)
})

test('systemd understands the unit', (context) => {
  try {
    execFileSync('which', ['systemd-analyze'], { stdio: 'ignore' })
  } catch {
    lacks(context, 'systemd')
  }
  const folder = mkdtempSync(join(tmpdir(), 'tenure-unit-'))
  try {
    const unit = join(folder, 'tenure.service')
    copyFileSync('deploy/systemd/tenure.service', unit)
    const said = execFileSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
    expect(said).toBe('')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
