import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec'
import type { Property, PropertyType } from '@aws-cdk/service-spec-types'

const database = loadAwsServiceSpecSync()

/** A value that CloudFormation puts in itself. */
const isIntrinsic = (value: object) => {
  const keys = Object.keys(value)
  return keys.length === 1 && /^(Ref|Fn::\w+)$/.test(keys[0] ?? '')
}

const inProperties = (value: object, known: Record<string, Property>, at: string): string[] => [
  ...Object.entries(known).flatMap(([name, { required }]) =>
    required && (value as Record<string, unknown>)[name] === undefined ? [`${at}${name} is missing`] : [],
  ),
  ...Object.entries(value).flatMap(([name, inner]) => {
    const property = known[name]
    if (inner === undefined) return []
    return property ? inType(inner, property.type, at + name) : [`${at}${name} is not known`]
  }),
]

const inType = (value: unknown, type: PropertyType, at: string): string[] => {
  if (typeof value !== 'object' || value === null || isIntrinsic(value)) return []
  switch (type.type) {
    case 'array':
      if (!Array.isArray(value)) return [`${at} is no list`]
      return value.flatMap((element, index) => inType(element, type.element, `${at}[${index}]`))
    case 'map':
      return Object.entries(value).flatMap(([key, element]) => inType(element, type.element, `${at}.${key}`))
    case 'ref':
      return inProperties(value, database.get('typeDefinition', type.reference.$ref).properties, `${at}.`)
    case 'union': {
      // Right when it is right as one of them; any JSON is one of them for some, which says nothing.
      const faults = type.types.filter(one => one.type !== 'json').map(one => inType(value, one, at))
      return faults.find(found => found.length === 0) ?? faults[0] ?? []
    }
    default:
      return []
  }
}

/** Properties that CloudFormation does not know, and those that it asks for. Source: AWS's own resource specification. */
export const faultsOf = (type: string, properties: object = {}): string[] => {
  const [resource] = database.lookup('resource', 'cloudFormationType', 'equals', type)
  return resource ? inProperties(properties, resource.properties, '') : [`there is no ${type}`]
}
