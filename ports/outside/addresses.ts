import { isIP } from "node:net";

/**
 * Whether an address is somebody's on the open internet, by IANA's special-purpose registries (RFC 6890 and those that
 * added to it). Everything that is not known to be is not.
 */
export function isOpenAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return isOpenV4(address.split(".").map(Number));
  if (family === 6 && !address.includes("%")) return isOpenV6(groupsOf(address));
  return false;
}

function isOpenV4([a = 0, b = 0, c = 0]: number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100 && b >= 64 && b <= 127) return false;
  if (a === 169 && b === 254) return false;
  if (a === 172 && b >= 16 && b <= 31) return false;
  if (a === 192 && b === 168) return false;
  // Protocol assignments, three for documentation, 6to4's relays, direct delegation, benchmarks.
  if (a === 192 && b === 0 && (c === 0 || c === 2)) return false;
  if (
    a === 192 &&
    ((b === 88 && c === 99) || (b === 31 && c === 196) || (b === 52 && c === 193) || (b === 175 && c === 48))
  )
    return false;
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return false;
  return !(a === 203 && b === 0 && c === 113);
}

/**
 * Of IPv6 only 2000::/3 is given out. What carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is refused whole: nobody
 * publishes a site there, and it is how a private address would come in disguise.
 */
function isOpenV6(groups: number[]): boolean {
  const [a = 0, b = 0, c = 0] = groups;
  if ((a & 0xe000) !== 0x2000) return false;
  // 2001::/23: Teredo, ORCHID, benchmarks and other protocols.
  if (a === 0x2001 && b < 0x200) return false;
  if (a === 0x2001 && b === 0xdb8) return false;
  if (a === 0x2002) return false;
  if (a === 0x2620 && b === 0x4f && c === 0x8000) return false;
  return !(a === 0x3fff && b < 0x1000);
}

/** The eight groups of an address that `isIP` has seen. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : address;
  const [head = "", tail] = plain.split("::", 2);
  const of = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return of(head);
  const [left, right] = [of(head), of(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}
