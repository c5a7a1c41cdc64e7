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
type Manifest = z.infer<typeof Manifest>

const Locked = z.object({
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().default(false),
  /** It came within another package. */
  inBundle: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
  bin: Versions,
})
const Lock = z.object({ packages: z.record(z.string(), Locked) })
type Packages = z.infer<typeof Lock>['packages']

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const read = (path: string): unknown => JSON.parse(readFileSync(at(path), 'utf8'))

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/
/** A package of this repository has no version. */
const OWN = /^file:scripts\/\w+$/
const REGISTRY = 'https://registry.npmjs.org/'
const IN_MODULES = 'node_modules/'

const nameOf = (path: string) => path.slice(path.lastIndexOf(IN_MODULES) + IN_MODULES.length)

const unpinned = ({ dependencies, devDependencies, optionalDependencies, overrides }: Manifest) =>
  Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides })
    .filter(([, version]) => !EXACT.test(version) && !OWN.test(version))
    .map(([name, version]) => `${name} is not pinned: ${version}`)

/** The address is left out where a mirror was used: that is the registry which is configured, the checksum the same. */
const strange = (packages: Packages) =>
  Object.entries(packages)
    .filter(([path, { link, inBundle }]) => path.includes(IN_MODULES) && !link && !inBundle)
    .filter(
      ([, { resolved = REGISTRY, integrity = '' }]) =>
        !resolved.startsWith(REGISTRY) || !integrity.startsWith('sha512-'),
    )
    .map(([path, { resolved }]) => `${path} is not from the registry, or has no checksum: ${resolved}`)

const scripts = ({ allowScripts }: Manifest, packages: Packages) => {
  const present = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript)
  const having = new Set(present.map(([path]) => nameOf(path)))
  const decided = new Set(Object.keys(allowScripts))
  return [
    ...[...having.difference(decided)].map(name => `${name} has an install script: decide, in allowScripts`),
    ...[...decided.difference(having)].map(name => `allowScripts: no install script of ${name} is there`),
  ]
}

const shadowed = ({ dependencies, devDependencies }: Manifest, packages: Packages, folder: string) =>
  Object.keys({ ...dependencies, ...devDependencies }).flatMap(name => {
    const home = at(`${folder}${IN_MODULES}${name}/`)
    return Object.keys(packages[IN_MODULES + name]?.bin ?? {})
      .map(command => [command, at(`${folder}${IN_MODULES}.bin/${command}`)] as const)
      .filter(([, path]) => existsSync(path) && !realpathSync(path).startsWith(home))
      .map(([command, path]) => `the command ${command} is not that of ${name}, but ${realpathSync(path)}`)
  })

const faultsIn = (folder: string) => {
  const manifest = Manifest.parse(read(`${folder}package.json`))
  if (!existsSync(at(`${folder}package-lock.json`))) return unpinned(manifest)
  const { packages } = Lock.parse(read(`${folder}package-lock.json`))
  return [
    ...unpinned(manifest),
    ...strange(packages),
    ...scripts(manifest, packages),
    ...shadowed(manifest, packages, folder),
  ]
}

for (const folder of ['', 'infra/', 'scripts/client/'])
  for (const fault of faultsIn(folder)) {
    process.stderr.write(`${folder}package.json: ${fault}\n`)
    process.exitCode = 1
  }
