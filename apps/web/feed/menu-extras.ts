import { createContext } from "react";

import type { Post } from "#systems/feed/contract.ts";

import type { MenuEntry } from "../parts/menu-entry.ts";

/** What a list adds to the menus of its posts: where the house chose them, why, and how to have less of it. */
export interface MenuExtras {
  /** Takes the place of "Why can I see this?". */
  why: (post: Post) => void;
  entries: (post: Post) => readonly MenuEntry[];
}

export const MenuExtrasContext = createContext<MenuExtras | null>(null);
