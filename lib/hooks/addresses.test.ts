import { expect, it } from 'vitest'
import { isPublic, networks, requireReachable } from './addresses.ts'

it.each<[address: string, isPublic: boolean, because: string]>([
  ['93.184.216.34', true, 'anywhere'],
  ['172.32.0.1', true, 'just past a private network'],
  ['127.0.0.1', false, 'this machine'],
  ['0.0.0.0', false, 'this machine, too'],
  ['10.1.2.3', false, 'a private network'],
  ['172.31.255.255', false, 'a private network'],
  ['192.168.0.1', false, 'a private network'],
  ['100.64.0.1', false, 'the network of a provider'],
  ['169.254.169.254', false, 'the metadata of a cloud’s machine'],
  ['224.0.0.1', false, 'many at once'],
  ['255.255.255.255', false, 'everybody'],
  ['2606:2800:220:1::1', true, 'anywhere'],
  ['::1', false, 'this machine'],
  ['::', false, 'this machine, too'],
  ['::ffff:10.0.0.1', false, 'a private network in other clothes'],
  ['::ffff:93.184.216.34', false, 'IPv4 in other clothes'],
  ['64:ff9b::a00:1', false, 'a private network behind a translator'],
  ['2002:a00:1::', false, 'a private network behind a tunnel'],
  ['fd00::1', false, 'a private network'],
  ['fe80::1', false, 'this link'],
  ['ff02::1', false, 'many at once'],
])('%s is public: %s (%s)', (address, expected) => {
  expect(isPublic(address)).toBe(expected)
})

it('an address that is not public is reached when its network is allowed, and only then', () => {
  const allowed = networks('10.1.0.0/16', 'fd00:1::/32')
  for (const address of ['10.1.2.3', 'fd00:1::5', '93.184.216.34']) requireReachable('x', address, allowed)
  for (const address of ['10.2.0.1', 'fd00:2::5', '127.0.0.1'])
    expect(() => requireReachable('x', address, allowed)).toThrow(
      expect.objectContaining({ code: 'WEBHOOK_ADDRESS_REFUSED', details: { host: 'x', address } }),
    )
})
