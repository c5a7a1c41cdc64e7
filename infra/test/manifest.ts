export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; annotations?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own
  [field: string]: any
}

/** What is read of a value by whoever gets the copy that this returns. */
const watched = <T>(value: T, path: string, seen: Set<string>): T => {
  if (typeof value !== 'object' || value === null) return value
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === 'string') seen.add(`${path}.${key}`)
      return watched(Reflect.get(target, key), `${path}.${String(key)}`, seen)
    },
  })
}

const pathsOf = (value: unknown, path = ''): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => [`${path}.${key}`, ...pathsOf(inner, `${path}.${key}`)])

/**
 * What Kubernetes would not take of a manifest: wrong types, missing fields, and fields that it does not know. The
 * validators of kubernetes-models let the last pass, but never look at them: what was not read is not known.
 */
export const faultsOf = async (manifest: Manifest): Promise<string[]> => {
  const { apiVersion, kind } = manifest
  const { [kind]: Model } = await import(`kubernetes-models/${apiVersion}/${kind}`)
  const seen = new Set<string>()
  try {
    // On the manifest itself: an object of the class would be a copy, and making that is looking at everything.
    Model.prototype.validate.call(watched(manifest, '', seen))
  } catch (error) {
    return [String(error)]
  }
  const unknown = pathsOf(manifest).filter(path => !seen.has(path))
  return unknown.map(path => `${path.slice(1)} is not known`)
}
