import { plain } from "./plain.ts";

/**
 * Keys as they may be shown. An address in them is shortened: an IPv4 address to its network of 256, an IPv6 address to its /64. Two that
 * look the same then are numbered.
 */
export function createShown() {
  const numbers = new Map<string, Map<string, number>>();
  return (said: string): string => {
    const key = plain(said);
    const short = shortened(key);
    if (short === key) return key;
    let same = numbers.get(short);
    if (!same) numbers.set(short, (same = new Map()));
    let number = same.get(key);
    if (number === undefined) same.set(key, (number = same.size + 1));
    return number === 1 ? short : `${short} (${number})`;
  };
}

/** What is a network already, or a pseudonym in one (`192.0.2.0/24~k3Jx`), stays as it is. */
export function shortened(key: string): string {
  return key
    .replaceAll(/(?<![\w.])(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}(?![\w./~])/g, "$1.0/24")
    .replaceAll(/(?<![\w:])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:/])/gi, (address) => networkOf(address));
}

function networkOf(address: string): string {
  const [head = "", tail = ""] = address.split("::", 2);
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = address.includes("::") ? Math.max(0, 8 - left.length - right.length) : 0;
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, "").toLowerCase()).join(":")}::/64`;
}
