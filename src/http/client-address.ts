import { isIP, isIPv6 } from 'node:net'
import type { Request } from 'express'

const GROUPS = 8

/** The first four groups of an IPv6 address: a subscriber has all addresses that begin with them. */
const network = (address: string): string => {
  const [head = '', tail] = address.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(Math.max(0, GROUPS - left.length - right.length)).fill('0')
  const groups = [...left, ...zeros, ...right].slice(0, GROUPS / 2)
  return `${groups.map(group => group.replace(/^0+(?=.)/, '')).join(':')}::/64`
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/**
 * Who calls, as far as limits can tell: the IPv4 address, or the /64 of an IPv6 address. Proxies are believed as far
 * as `TRUST_PROXY` says; what they pass on that is no address is nobody's, and the proxy itself counts.
 */
export const clientAddress = (req: Pick<Request, 'ip' | 'socket'>): string => {
  const told = req.ip ?? ''
  const address = (isIP(told) ? told : (req.socket.remoteAddress ?? '')).replace(/%.*$/, '')
  const mapped = MAPPED.exec(address)?.[1]
  return mapped ?? (isIPv6(address) ? network(address) : address)
}
