import { addressKey } from "../../ports/limiter/index.ts";

/**
 * Whom to count by address, of IPv6 the /64.
 * @param peer the other end of the connection
 * @param forwarded the header `X-Forwarded-For`, read from its right end only
 * @param proxies how many proxies of yours stand before you; 0: the header is what a stranger wrote, and is not read
 */
export function clientAddress(peer: string | undefined, forwarded?: string | null, proxies = 0): string {
  const hops = proxies > 0 && forwarded ? forwarded.split(",").map((hop) => hop.trim()) : [];
  const said = hops.length > 0 ? hops[Math.max(0, hops.length - proxies)] : undefined;
  // Whoever cannot be told apart shares one limit, and is not let by.
  return addressKey(bare(said || peer || "unknown"));
}

/** Some proxies write a port behind it. */
function bare(address: string): string {
  const [, inner] = /^\[([^\]]*)\](?::\d+)?$/.exec(address) ?? [];
  return inner ?? (/^[\d.]+:\d+$/.test(address) ? address.slice(0, address.indexOf(":")) : address).slice(0, 64);
}
