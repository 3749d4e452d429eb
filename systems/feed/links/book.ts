import type { LinkCard } from "#kernel/cards.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ground } from "../ground.ts";
import { linkOf } from "./link.ts";
import * as store from "./store.ts";
import type { LinkId } from "./store.ts";

/** What is behind links, for systems other than the feed: an address is looked at once, whoever names it. */
export interface LinkBook {
  /**
   * In the transaction that writes these words: the card of their first link, kept as long as `holder` (`chat:5`) holds it. A look is
   * on its way where nobody looked lately; what came of it is told on the topic `LINKS_TOPIC`.
   * @returns null where there is none, where it is a page of ours, and where this house does not look outside
   */
  hold(tx: Query, text: string, holder: string): Promise<LinkId | null>;
  release(tx: Query, id: LinkId, holder: string): Promise<void>;
  /** Those that are ready; the rest is missing. */
  cards(db: Query, ids: readonly LinkId[]): Promise<Map<LinkId, LinkCard>>;
}

export function createLinkBook(ground: Ground): LinkBook {
  return {
    async hold(tx, text, holder) {
      const id = await linkOf(ground, tx, text);
      if (id !== null) await store.addUse(tx, id, holder);
      return id;
    },
    release: store.dropUse,
    async cards(db, ids) {
      const addressOf = ground.links?.pictures.urlOf;
      const rows = await store.readyLinks(db, ids);
      return new Map(
        rows.map(({ id, url, title, description, site, image_name, image_width, image_height }) => {
          const image =
            image_name !== null && image_width !== null && image_height !== null && addressOf
              ? { url: addressOf(image_name), width: image_width, height: image_height }
              : null;
          return [id, { url, title, description, site, image }];
        }),
      );
    },
  };
}
