import { BlockList, isIP, isIPv4 } from 'node:net';

const loopback = new BlockList();
loopback.addAddress('::1', 'ipv6');

/** Whether an address, or the name `localhost`, is this machine's alone. An IPv4 address may be mapped to IPv6, as sockets of both families have it. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=\d+\.)/i, '');
  // Asked of every request: IPv4 is told by its first number.
  if (isIPv4(plain)) return plain.startsWith('127.');
  return plain === 'localhost' || (isIP(plain) === 6 && loopback.check(plain, 'ipv6'));
}
