/** Which addresses count as one caller: an IPv6 customer holds a whole /64, so that is what counts. */

/** `remote` itself where it is IPv4 or unreadable; of an IPv6 address its /64, in one spelling. */
export function addressGroup(remote: string): string {
  const parts = hextets(remote.replace(/%.*$/, ""));
  if (parts === null) return remote;
  const [high = 0, low = 0] = parts.slice(6);
  const isMapped = parts[5] === 0xffff && parts.slice(0, 5).every((part) => part === 0);
  if (isMapped) return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  return parts.slice(0, 4).map((part) => part.toString(16)).join(":") + "::/64";
}

/** The eight numbers of an IPv6 address, or null. */
function hextets(address: string): number[] | null {
  const halves = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, inHex).split("::");
  if (halves.length > 2 || !address.includes(":")) return null;
  const [first = [], last] = halves.map((half) => half === "" ? [] : half.split(":"));
  const zeros = last === undefined ? 0 : 8 - first.length - last.length;
  if (zeros < 0) return null;
  const parts = [...first, ...Array<string>(zeros).fill("0"), ...(last ?? [])];
  if (parts.length !== 8 || !parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return null;
  return parts.map((part) => parseInt(part, 16));
}

function inHex(_all: string, ...bytes: string[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
