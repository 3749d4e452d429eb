/** An IPv6 caller owns at least a /64, so that is what is counted, however it is written; an IPv4 address counts as itself. */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address;
  const whole = address.toLowerCase().replace(/%.*$/, "");
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/.exec(whole);
  if (mapped) return mapped[1] ?? [mapped[2]!, mapped[3]!].map(twoBytes).join(".");
  const [head = "", tail] = whole.split("::", 2);
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return `${[...left, ...zeros, ...right]
    .slice(0, 4)
    .map((g) => g.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

function twoBytes(group: string): string {
  const both = Number.parseInt(group, 16);
  return `${both >> 8}.${both & 255}`;
}
