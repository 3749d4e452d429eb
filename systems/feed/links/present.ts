import type { LinkJson } from "../posts/store.ts";
import type { LinkCard } from "./card-contract.ts";

/** Copies of pictures are addressed by whoever keeps them. */
export type AddressOf = (image_name: string) => string;

/** A card's JSON; `null` until something is known of the page. */
export function presentLink(link: LinkJson | null, addressOf: AddressOf | null): string {
  if (link?.state !== "ready" || link.title === null || link.site === null) return "null";
  const image =
    link.image_name !== null && link.image_width !== null && link.image_height !== null && addressOf !== null
      ? { url: addressOf(link.image_name), width: link.image_width, height: link.image_height }
      : null;
  const card: LinkCard = { url: link.url, title: link.title, description: link.description, site: link.site, image };
  return JSON.stringify(card);
}
