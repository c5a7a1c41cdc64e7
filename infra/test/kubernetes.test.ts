import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig, VARIABLES } from '../../src/config.ts'
import { faultsOf, type Manifest } from './manifest.ts'
import { file } from './project-file.ts'

const folder = new URL('../k8s/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const kustomization = parse(read('kustomization.yaml'), { strict: true, uniqueKeys: true })

const manifests: Manifest[] = kustomization.resources.flatMap((name: string) =>
  parseAllDocuments(read(name), { strict: true, uniqueKeys: true }).map(document => {
    assert.deepEqual(document.errors, [])
    return document.toJS()
  }),
)

const of = (kind: string): Manifest => {
  const found = manifests.filter(manifest => manifest.kind === kind)
  assert.equal(found.length, 1, kind)
  return found[0] as Manifest
}

const deployment = of('Deployment')
const pod = deployment.spec.template.spec
const [container] = pod.containers

describe('the manifests', () => {
  test('are all applied, and Kubernetes knows each of their fields', async () => {
    const files = readdirSync(folder).filter(name => name !== 'kustomization.yaml')
    assert.deepEqual(files.sort(), [...kustomization.resources].sort())
    for (const manifest of manifests) assert.deepEqual(await faultsOf(manifest), [], manifest.kind)
  })

  test('would be found wrong where they are', async () => {
    const broken = structuredClone(deployment)
    broken.spec.template.spec.terminationGracePeriodSeconds = 'long'
    assert.match(String(await faultsOf(broken)), /terminationGracePeriodSeconds/)
    const { selector: _, ...spec } = deployment.spec
    assert.match(String(await faultsOf({ ...deployment, spec })), /selector/)
    const misspelt = structuredClone(deployment)
    misspelt.spec.template.spec.containers[0].lifecycle.preStop.sleepy = { seconds: 5 }
    assert.deepEqual(await faultsOf(misspelt), [
      'spec.template.spec.containers.0.lifecycle.preStop.sleepy is not known',
      'spec.template.spec.containers.0.lifecycle.preStop.sleepy.seconds is not known',
    ])
  })

  test('configure a service that starts: every variable is one of its own, and production lacks nothing', () => {
    const { data } = of('ConfigMap')
    for (const name of Object.keys(data)) assert.ok(VARIABLES.includes(name), name)
    const secrets = [...read('deployment.yaml').matchAll(/--from-literal=([A-Z_]+)=/g)].map(
      ([, name = '']) => name,
    )
    assert.deepEqual(secrets, ['JWT_SECRET', 'REDIS_URL'])
    for (const name of secrets) assert.equal(data[name], undefined)
    const config = readConfig({ ...data, JWT_SECRET: 'x'.repeat(32), REDIS_URL: 'rediss://cache:6379' })
    assert.ok(config.production)
    assert.deepEqual(
      container.ports.map(({ containerPort }: { containerPort: number }) => containerPort),
      [config.port, config.adminPort],
    )
  })

  test('let a pod drain before it ends, and the load balancer let go of it in that time', () => {
    const { drainSeconds } = readConfig({
      ...of('ConfigMap').data,
      JWT_SECRET: 'x'.repeat(32),
      REDIS_URL: 'redis://c',
    })
    const { seconds } = container.lifecycle.preStop.sleep
    const attributes =
      of('Ingress').metadata.annotations?.['alb.ingress.kubernetes.io/target-group-attributes']
    const delay = Number(/deregistration_delay\.timeout_seconds=(\d+)/.exec(attributes ?? '')?.[1])
    assert.ok(drainSeconds + 10 < delay)
    assert.ok(delay < pod.terminationGracePeriodSeconds)
    assert.ok(seconds + drainSeconds + 10 < pod.terminationGracePeriodSeconds)
    const { periodSeconds, failureThreshold } = container.readinessProbe
    assert.ok(periodSeconds * failureThreshold < drainSeconds)
  })

  test('ask whether it lives of the process alone, and whether it is ready of everything', () => {
    assert.equal(container.livenessProbe.httpGet.path, '/health')
    assert.equal(container.readinessProbe.httpGet.path, '/ready')
  })

  test('give it no rights on its node', () => {
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    assert.equal(pod.securityContext.runAsNonRoot, true)
    assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault')
    assert.equal(pod.automountServiceAccountToken, false)
    const user = /^USER (\d+):(\d+)$/m.exec(file('Dockerfile'))
    assert.deepEqual(
      [pod.securityContext.runAsUser, pod.securityContext.runAsGroup],
      user?.slice(1).map(Number),
    )
  })

  test('run a version, not whatever is the latest', () => {
    const [{ newTag }] = kustomization.images
    assert.match(newTag, /^\d+\.\d+\.\d+/)
  })

  test('keep three to ten of them, at 70 % CPU and 80 % memory, and end one at a time', () => {
    const { spec } = of('HorizontalPodAutoscaler')
    const targets = spec.metrics.map(
      (metric: { resource: { name: string; target: { averageUtilization: number } } }) => [
        metric.resource.name,
        metric.resource.target.averageUtilization,
      ],
    )
    assert.deepEqual(
      [spec.minReplicas, spec.maxReplicas, targets],
      [
        3,
        10,
        [
          ['cpu', 70],
          ['memory', 80],
        ],
      ],
    )
    assert.equal(of('PodDisruptionBudget').spec.maxUnavailable, 1)
    assert.ok(container.resources.requests.cpu && container.resources.requests.memory)
  })

  test('find each other by their labels and ports', () => {
    const { labels } = deployment.spec.template.metadata
    for (const selector of [
      deployment.spec.selector.matchLabels,
      of('Service').spec.selector,
      of('PodDisruptionBudget').spec.selector.matchLabels,
      of('NetworkPolicy').spec.podSelector.matchLabels,
    ])
      assert.deepEqual(selector, labels)
    const [{ http }] = of('Ingress').spec.rules
    assert.deepEqual(http.paths[0].backend.service, {
      name: of('Service').metadata.name,
      port: { name: 'http' },
    })
    assert.equal(of('Service').spec.ports[0].targetPort, container.ports[0].name)
  })
})
