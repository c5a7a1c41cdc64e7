import { createHmac } from 'node:crypto'
import type { Viewer } from '../http/viewer.ts'
import type { KeyRing } from '../lib/keys.ts'

/** Which /64 an IPv6 address is in: all of it belongs to one subscriber, who can take another address at any time. */
const subscriber = (address: string): string => {
  // An IPv4 address in the clothes of IPv6 (::ffff:192.0.2.1) is one.
  const [, ipv4] = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (ipv4 !== undefined || !address.includes(':')) return ipv4 ?? address
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [before = '', after] = address.toLowerCase().replace(/%.*$/, '').split('::')
  const [head, tail] = [groups(before), groups(after ?? '')]
  const zeros = after === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => '0')
  const network = [...head, ...zeros, ...tail].slice(0, 4)
  return network.map(group => group.replace(/^0+(?=.)/, '')).join(':')
}

/**
 * Names who views, so that they count once: the user, or where nobody is logged in the address. With a key, since
 * addresses are few enough to try them all: whoever reads the cache does not learn who has viewed what.
 */
export const createViewerMark = (ring: KeyRing) => {
  const [{ key }] = ring.keysFor('viewer-mark')
  return (viewer: Viewer | null, address: string | undefined): string => {
    const who = viewer ? `user ${viewer.user_id}` : `address ${subscriber(address ?? '')}`
    return createHmac('sha256', key).update(who).digest('base64url').slice(0, 22)
  }
}
