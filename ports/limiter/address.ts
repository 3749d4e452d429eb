/** Where IPv4 is written inside IPv6: mapped (RFC 4291), and the prefix of translators (RFC 6052), behind which all of IPv4 is one /64. */
const IPV4_INSIDE = ["0:0:0:0:0:ffff", "64:ff9b:0:0:0:0"];

/**
 * An IPv6 caller owns at least a /64, so that is what is counted, however it is written; an IPv4 address counts as itself. A port that a
 * proxy wrote behind it does not count: each connection has another.
 */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address;
  const whole = bare(address.toLowerCase());
  if (!whole.includes(":")) return whole;
  const groups = groupsOf(whole);
  if (groups.length === 8 && IPV4_INSIDE.includes(groups.slice(0, 6).join(":")))
    return [groups[6]!, groups[7]!].map(twoBytes).join(".");
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** Without brackets, port and zone. */
function bare(address: string): string {
  const inner = /^\[([^\]]*)\](?::\d+)?$/.exec(address)?.[1] ?? address;
  return /^[\d.]+:\d+$/.test(inner) ? inner.slice(0, inner.indexOf(":")) : inner.replace(/%.*$/, "");
}

/** All eight, without zeros before them. */
function groupsOf(whole: string): string[] {
  const dotted = /(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(whole);
  const written = dotted ? whole.slice(0, dotted.index) + hexOf(dotted.slice(1).map(Number)) : whole;
  const [head = "", tail] = written.split("::", 2);
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return [...left, ...zeros, ...right].map((group) => group.replace(/^0+(?=.)/, ""));
}

const hexOf = ([a, b, c, d]: number[]) => `${(a! * 256 + b!).toString(16)}:${(c! * 256 + d!).toString(16)}`;

function twoBytes(group: string): string {
  const both = Number.parseInt(group, 16);
  return `${both >> 8}.${both & 255}`;
}
