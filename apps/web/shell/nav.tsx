import type { LinkProps } from "@tanstack/react-router";
import {
  Bell,
  Bookmark,
  Clapperboard,
  Compass,
  Film,
  Home,
  type LucideIcon,
  MessagesSquare,
  Scale,
  Settings,
  ShieldCheck,
  SquarePlay,
  UserRound,
  UsersRound,
} from "lucide-react";

import type { Me } from "#systems/people/contract.ts";

export interface NavItem {
  to: NonNullable<LinkProps["to"]>;
  params?: { handle: string };
  label: string;
  icon: LucideIcon;
  keys: string;
  /** Other addresses that stand under it. */
  within?: readonly string[];
}

/** Whether a path is one of those that stand under an item without being its own. */
export const isWithin = ({ within }: NavItem, path: string): boolean =>
  within?.some((under) => path === under || path.startsWith(`${under}/`)) === true;

export const mayModerate = (me: Me | null | undefined) => me?.role === "admin" || me?.role === "moderator";

/** @param desk whether cases of a space of theirs wait, which the house's own officers need not be told */
export function navFor(me: Me | null | undefined, desk = false): NavItem[] {
  const everyone: NavItem[] = [
    { to: "/", label: "Home", icon: Home, keys: "g h", within: ["/for-you", "/catch-up", "/slow-lane", "/lists"] },
    { to: "/discover", label: "Discover", icon: Compass, keys: "g d" },
    { to: "/shorts", label: "Shorts", icon: Clapperboard, keys: "g s" },
    { to: "/spaces", label: "Spaces", icon: UsersRound, keys: "g c" },
  ];
  if (!me) return everyone;
  return [
    ...everyone,
    { to: "/chat", label: "Chats", icon: MessagesSquare, keys: "g t" },
    { to: "/notifications", label: "Notifications", icon: Bell, keys: "g n" },
    { to: "/videos", label: "Videos", icon: SquarePlay, keys: "g v" },
    { to: "/studio", label: "Studio", icon: Film, keys: "g u" },
    { to: "/bookmarks", label: "Bookmarks", icon: Bookmark, keys: "g b" },
    { to: "/@{$handle}", params: { handle: me.handle }, label: "Profile", icon: UserRound, keys: "g p" },
    { to: "/settings", label: "Settings", icon: Settings, keys: "g ," },
    ...(mayModerate(me) || desk
      ? [{ to: "/moderation", label: "Moderation", icon: Scale, keys: "g m" } as NavItem]
      : []),
    ...(mayModerate(me) ? [{ to: "/admin", label: "Admin", icon: ShieldCheck, keys: "g a" } as NavItem] : []),
  ];
}
