import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { CodedError } from '#lib/errors/coded-error.ts'

/** IANA's registries of special-purpose addresses: what is not reachable from everywhere, and what stands for such addresses. */
const special = networks(
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
)
const globalUnicast = networks('2000::/3')

/** Throws a RangeError or TypeError for what is no network. */
export function networks(...texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', prefix] = text.split('/')
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Whether everybody could reach the address, so that reaching it gives nobody a way into this machine's networks. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, 'ipv4')
  return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

const isIn = (list: BlockList, address: string) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Throws WEBHOOK_ADDRESS_REFUSED for an address that is neither public nor in `allowed`. */
export function requireReachable(host: string, address: string, allowed: BlockList): void {
  if (!isPublic(address) && !isIn(allowed, address)) throw new CodedError('WEBHOOK_ADDRESS_REFUSED', { host, address })
}

/** The address of a host, by name or itself, for clients that take no lookup. Throws WEBHOOK_ADDRESS_REFUSED, and the system's error for a name that is unknown. */
export async function reachableAddress(host: string, allowed: BlockList): Promise<string> {
  if (isIP(host) !== 0) {
    requireReachable(host, host, allowed)
    return host
  }
  return new Promise((done, refuse) => {
    guardedLookup(allowed)(host, {}, (error, address) => (error ? refuse(error) : done(String(address))))
  })
}

/**
 * Resolves a name for a connection, and refuses it when any of its addresses may not be reached. What is connected to is
 * what was looked at: a name that resolves to something else a moment later gains nothing.
 */
export function guardedLookup(allowed: BlockList): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '')
      try {
        for (const { address } of addresses) requireReachable(hostname, address, allowed)
      } catch (refusal) {
        return done(refusal as NodeJS.ErrnoException, '')
      }
      const [first] = addresses
      if (options.all) done(null, addresses)
      else done(null, first?.address ?? '', first?.family)
    })
  }
}
