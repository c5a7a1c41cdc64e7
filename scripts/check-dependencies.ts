import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/**
 * What must hold of everything that comes from the registry: pinned, from there and with a checksum, no install
 * script that nobody has decided on, and no command of another package under the name of one that we use.
 */
const Versions = z.record(z.string(), z.string()).default({})
const Manifest = z.object({
  dependencies: Versions,
  devDependencies: Versions,
  optionalDependencies: Versions,
  overrides: Versions,
  allowScripts: z.record(z.string(), z.boolean()).default({}),
})

const Locked = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
  bin: Versions,
})
const Lock = z.object({ packages: z.record(z.string(), Locked) })

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const read = (path: string): unknown => JSON.parse(readFileSync(at(path), 'utf8'))

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/
/** Of the ones in the repository, none has a version. */
const OWN = /^file:scripts\/\w+$/
const REGISTRY = 'https://registry.npmjs.org/'
const IN_MODULES = 'node_modules/'

const manifest = Manifest.parse(read('package.json'))
const manifests = { 'package.json': manifest, 'scripts/client/package.json': undefined }
const lock = Lock.parse(read('package-lock.json'))
const locked = Object.entries(lock.packages).filter(([path, { link }]) => path.includes(IN_MODULES) && !link)
const nameOf = (path: string) => path.slice(path.lastIndexOf(IN_MODULES) + IN_MODULES.length)

const unpinned = Object.entries(manifests).flatMap(([path, known]) => {
  const { dependencies, devDependencies, optionalDependencies, overrides } =
    known ?? Manifest.parse(read(path))
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides })
    .filter(([, version]) => !EXACT.test(version) && !OWN.test(version))
    .map(([name, version]) => `${path}: ${name} is not pinned: ${version}`)
})

/** Left out where a mirror was used: that is the registry which is configured, and the checksum is the same. */
const strange = locked
  .filter(
    ([, { resolved = REGISTRY, integrity = '' }]) =>
      !resolved.startsWith(REGISTRY) || !integrity.startsWith('sha512-'),
  )
  .map(([path, { resolved }]) => `${path} is not from the registry, or has no checksum: ${resolved}`)

const withScripts = new Set(
  locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path)),
)
const decided = new Set(Object.keys(manifest.allowScripts))
const undecided = [...withScripts.difference(decided)].map(
  name => `${name} has an install script: decide on it in package.json, allowScripts`,
)
const outdated = [...decided.difference(withScripts)].map(
  name => `allowScripts: ${name} has no install script, or is not there`,
)

const shadowed = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).flatMap(name => {
  const home = at(`${IN_MODULES}${name}/`)
  return Object.keys(lock.packages[IN_MODULES + name]?.bin ?? {})
    .map(command => [command, at(`${IN_MODULES}.bin/${command}`)] as const)
    .filter(([, path]) => existsSync(path) && !realpathSync(path).startsWith(home))
    .map(([command, path]) => `the command ${command} is not that of ${name}, but ${realpathSync(path)}`)
})

const faults = [...unpinned, ...strange, ...undecided, ...outdated, ...shadowed]
if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\n`)
  process.exitCode = 1
}
