/**
 * Who the client is, by address. The peer of the connection is believed; what it says of others
 * (`X-Forwarded-For`) only where it is a configured proxy. Pure: knows no socket and no header but
 * that one.
 */

/** Whether an address is in a set of networks. */
export type AddressMatcher = (address: string) => boolean;

/**
 * The client's address: the peer, or, where that is a trusted proxy, the rightmost address of
 * `forwardedFor` that is not one. Entries further left were written by whoever came before and are
 * not looked at; one that is no address ends the search with the last proxy known.
 *
 * @param peer The other end of the connection
 * @param forwardedFor The value of `X-Forwarded-For`, repetitions joined; null where there is none
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | null,
  trusted: AddressMatcher,
): string {
  let known = plainAddress(peer);
  if (forwardedFor === null) return known;
  const entries = forwardedFor.split(",");
  while (trusted(known)) {
    const entry = entries.pop();
    if (entry === undefined) break;
    const next = addressOf(entry.trim());
    if (next === null) break;
    known = next;
  }
  return known;
}

/** `address`, an IPv4 address that is wrapped in IPv6 (`::ffff:192.0.2.1`) unwrapped. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1] ?? address;
}

/**
 * The matcher for networks in CIDR notation; a lone address stands for itself. The empty list
 * matches nothing; an entry that is no network is a `TypeError`.
 */
export function compileCidrs(cidrs: readonly string[]): AddressMatcher {
  const networks = cidrs.map((cidr) => {
    const network = parseCidr(cidr);
    if (network === null) throw new TypeError(`Not a network in CIDR notation: "${cidr}"`);
    return network;
  });
  if (networks.length === 0) return () => false;
  return (address) => {
    const bytes = parseAddress(address);
    return bytes !== null && networks.some((network) => holds(network, bytes));
  };
}

interface Network {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

function holds(network: Network, address: Uint8Array): boolean {
  if (network.bytes.length !== address.length) return false;
  return address.every((byte, i) => {
    const bits = Math.min(8, Math.max(0, network.bits - i * 8));
    return ((byte ^ (network.bytes[i] ?? 0)) >> (8 - bits)) === 0;
  });
}

function parseCidr(text: string): Network | null {
  const found = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const written = found?.[1] ?? "";
  const bytes = parseAddress(written);
  if (bytes === null) return null;
  // `::ffff:10.0.0.0/104` counts the bits of the wrapping along.
  const wrapped = bytes.length === 4 && written.includes(":") ? 96 : 0;
  const bits = Number(found?.[2] ?? bytes.length * 8 + wrapped) - wrapped;
  return bits >= 0 && bits <= bytes.length * 8 ? { bytes, bits } : null;
}

/** 4 or 16 bytes; wrapped IPv4 gives 4. Null where `text` is no address. */
function parseAddress(text: string): Uint8Array | null {
  const plain = plainAddress(text);
  return plain.includes(":") ? parseIpv6(plain) : parseIpv4(plain);
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  if (!parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [front, back] = halves.map(parseGroups);
  if (front === undefined || front === null || back === null) return null;
  const gap = 16 - front.length - (back?.length ?? 0);
  if (back === undefined ? gap !== 0 : gap < 2) return null;
  const zeros = new Array<number>(gap).fill(0);
  return unwrapped(Uint8Array.from([...front, ...zeros, ...(back ?? [])]));
}

function parseGroups(text: string): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else {
      const tail = i === groups.length - 1 ? parseIpv4(group) : null;
      if (tail === null) return null;
      bytes.push(...tail);
    }
  }
  return bytes;
}

function unwrapped(bytes: Uint8Array): Uint8Array {
  const prefix = bytes.subarray(0, 12);
  const wraps = prefix.every((byte, i) => byte === (i < 10 ? 0 : 255));
  return wraps ? bytes.subarray(12) : bytes;
}

/** An entry of `X-Forwarded-For` without brackets and port, where it is an address. */
function addressOf(entry: string): string | null {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ??
    /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry;
  return parseAddress(bare) === null ? null : plainAddress(bare.toLowerCase());
}
