import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { KIND_GROUPS, type KindGroup } from "#systems/notify/contract.ts";

import { HomeScreen } from "../feed/home.tsx";
import { Failed } from "../parts/empty.tsx";
import type { AuthorizeSearch } from "../people/authorize.tsx";
import { Frame } from "./frame.tsx";
import { isStill } from "./theme.ts";

/** Every address of the page. Home is in the first script; the code of all else loads when it is opened. */
const root = createRootRoute({
  component: Frame,
  notFoundComponent: lazyRouteComponent(() => import("./not-found.tsx"), "NotFound"),
});

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;

const home = createRoute({ getParentRoute: () => root, path: "/", component: HomeScreen });
const trendingTab = (search: Record<string, unknown>): { tab?: "trending" } =>
  search.tab === "trending" ? { tab: "trending" } : {};
const discover = createRoute({
  getParentRoute: () => root,
  path: "/discover",
  validateSearch: trendingTab,
  component: lazyRouteComponent(() => import("../feed/discover.tsx"), "DiscoverScreen"),
});
const forYou = createRoute({
  getParentRoute: () => root,
  path: "/for-you",
  component: lazyRouteComponent(() => import("../feed/for-you/screen.tsx"), "ForYouScreen"),
});
const shorts = createRoute({
  getParentRoute: () => root,
  path: "/shorts",
  component: lazyRouteComponent(() => import("../feed/shorts.tsx"), "ShortsScreen"),
});
const watch = createRoute({
  getParentRoute: () => root,
  path: "/watch/$id",
  validateSearch: (search): { post?: string; t?: string; list?: string; shuffle?: string } => {
    const [by, at, list, shuffle] = [text(search.post), text(search.t), text(search.list), text(search.shuffle)];
    return {
      ...(by === undefined ? {} : { post: by }),
      ...(at === undefined ? {} : { t: at }),
      ...(list === undefined ? {} : { list }),
      ...(list === undefined || shuffle === undefined ? {} : { shuffle }),
    };
  },
  component: lazyRouteComponent(() => import("../media/watch.tsx"), "WatchScreen"),
});
const post = createRoute({
  getParentRoute: () => root,
  path: "/posts/$id",
  component: lazyRouteComponent(() => import("../feed/post-screen.tsx"), "PostScreen"),
});
const hashtag = createRoute({
  getParentRoute: () => root,
  path: "/tags/$tag",
  component: lazyRouteComponent(() => import("../feed/hashtag.tsx"), "HashtagScreen"),
});
const bookmarks = createRoute({
  getParentRoute: () => root,
  path: "/bookmarks",
  validateSearch: (search): { folder?: string } =>
    text(search.folder) === undefined ? {} : { folder: text(search.folder)! },
  component: lazyRouteComponent(() => import("../feed/bookmarks.tsx"), "BookmarksScreen"),
});
const notifications = createRoute({
  getParentRoute: () => root,
  path: "/notifications",
  validateSearch: (search): { show?: KindGroup } =>
    KIND_GROUPS.some((group) => group === search.show) ? { show: search.show as KindGroup } : {},
  component: lazyRouteComponent(() => import("../notify/notifications.tsx"), "NotificationsScreen"),
});
const ofLetter = (search: Record<string, unknown>): { token: string } => ({ token: text(search.token) ?? "" });
const notificationsConfirm = createRoute({
  getParentRoute: () => root,
  path: "/notifications/confirm",
  validateSearch: ofLetter,
  component: lazyRouteComponent(() => import("../notify/links.tsx"), "ConfirmScreen"),
});
const notificationsUnsubscribe = createRoute({
  getParentRoute: () => root,
  path: "/notifications/unsubscribe",
  validateSearch: ofLetter,
  component: lazyRouteComponent(() => import("../notify/links.tsx"), "UnsubscribeScreen"),
});
const chatSearch = (search: Record<string, unknown>): { at?: string; thread?: string } => ({
  ...(text(search.at) === undefined ? {} : { at: text(search.at)! }),
  ...(text(search.thread) === undefined ? {} : { thread: text(search.thread)! }),
});
const chats = createRoute({
  getParentRoute: () => root,
  path: "/chat",
  component: lazyRouteComponent(() => import("../chat/screen.tsx"), "ChatScreen"),
});
const chat = createRoute({
  getParentRoute: () => root,
  path: "/chat/$id",
  validateSearch: chatSearch,
  component: lazyRouteComponent(() => import("../chat/screen.tsx"), "ChatScreen"),
});
const lists = createRoute({
  getParentRoute: () => root,
  path: "/lists",
  component: lazyRouteComponent(() => import("../feed/lists/lists-screen.tsx"), "ListsScreen"),
});
const list = createRoute({
  getParentRoute: () => root,
  path: "/lists/$id",
  component: lazyRouteComponent(() => import("../feed/lists/list-screen.tsx"), "ListScreen"),
});
const RANGES = ["day", "three_days", "week"] as const;
const catchUp = createRoute({
  getParentRoute: () => root,
  path: "/catch-up",
  validateSearch: (search): { range?: (typeof RANGES)[number] } => {
    const range = RANGES.find((known) => known === search.range);
    return range === undefined ? {} : { range };
  },
  component: lazyRouteComponent(() => import("../feed/catch-up/catch-up.tsx"), "CatchUpScreen"),
});
const slowLane = createRoute({
  getParentRoute: () => root,
  path: "/slow-lane",
  component: lazyRouteComponent(() => import("../feed/catch-up/slow-lane.tsx"), "SlowLaneScreen"),
});
const videos = createRoute({
  getParentRoute: () => root,
  path: "/videos",
  component: lazyRouteComponent(() => import("../media/library/library.tsx"), "LibraryScreen"),
});
const history = createRoute({
  getParentRoute: () => root,
  path: "/history",
  component: lazyRouteComponent(() => import("../media/library/history.tsx"), "HistoryScreen"),
});
const playlists = createRoute({
  getParentRoute: () => root,
  path: "/playlists",
  component: lazyRouteComponent(() => import("../media/library/playlists.tsx"), "PlaylistsScreen"),
});
const playlist = createRoute({
  getParentRoute: () => root,
  path: "/playlists/$id",
  component: lazyRouteComponent(() => import("../media/library/playlist.tsx"), "PlaylistScreen"),
});
const studio = createRoute({
  getParentRoute: () => root,
  path: "/studio",
  validateSearch: (search): { q?: string; show?: string } => ({
    ...(text(search.q) === undefined ? {} : { q: text(search.q)! }),
    ...(text(search.show) === undefined ? {} : { show: text(search.show)! }),
  }),
  component: lazyRouteComponent(() => import("../media/studio/list.tsx"), "StudioScreen"),
});
const studioNumbers = createRoute({
  getParentRoute: () => root,
  path: "/studio/numbers",
  component: lazyRouteComponent(() => import("../media/studio/numbers.tsx"), "NumbersScreen"),
});
const studioStorage = createRoute({
  getParentRoute: () => root,
  path: "/studio/storage",
  validateSearch: (search): { space?: string } =>
    text(search.space) === undefined ? {} : { space: text(search.space)! },
  component: lazyRouteComponent(() => import("../media/studio/storage.tsx"), "StorageScreen"),
});
const studioFilm = createRoute({
  getParentRoute: () => root,
  path: "/studio/$id",
  validateSearch: (search): { tab?: string } => (text(search.tab) === undefined ? {} : { tab: text(search.tab)! }),
  component: lazyRouteComponent(() => import("../media/studio/edit.tsx"), "EditScreen"),
});
const profile = createRoute({
  getParentRoute: () => root,
  path: "/@{$handle}",
  validateSearch: (search): { tab?: "media" | "videos" | "playlists" } =>
    search.tab === "media" || search.tab === "videos" || search.tab === "playlists" ? { tab: search.tab } : {},
  component: lazyRouteComponent(() => import("../people/profile.tsx"), "ProfileScreen"),
});
const spaces = createRoute({
  getParentRoute: () => root,
  path: "/spaces",
  component: lazyRouteComponent(() => import("../spaces/list.tsx"), "SpacesScreen"),
});
const space = createRoute({
  getParentRoute: () => root,
  path: "/s/$slug",
  validateSearch: (search): { invitation?: string; tab?: "trending" | "channels" } => ({
    ...(text(search.invitation) === undefined ? {} : { invitation: text(search.invitation)! }),
    ...(search.tab === "channels" ? { tab: "channels" } : trendingTab(search)),
  }),
  component: lazyRouteComponent(() => import("../spaces/space.tsx"), "SpaceScreen"),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("../people/settings.tsx"), "SettingsIndex"),
});
const settingsSection = createRoute({
  getParentRoute: () => root,
  path: "/settings/$section",
  component: lazyRouteComponent(() => import("../people/settings.tsx"), "SettingsScreen"),
});
const admin = createRoute({
  getParentRoute: () => root,
  path: "/admin",
  component: lazyRouteComponent(() => import("../people/admin.tsx"), "AdminIndex"),
});
const adminSection = createRoute({
  getParentRoute: () => root,
  path: "/admin/$section",
  component: lazyRouteComponent(() => import("../people/admin.tsx"), "AdminScreen"),
});

const moderation = createRoute({
  getParentRoute: () => root,
  path: "/moderation",
  validateSearch: (search): { tab?: "open" | "appeals" | "closed"; space?: string; id?: string } => ({
    ...(search.tab === "appeals" || search.tab === "closed" ? { tab: search.tab } : {}),
    ...(text(search.space) === undefined ? {} : { space: text(search.space)! }),
    ...(text(search.id) === undefined ? {} : { id: text(search.id)! }),
  }),
  component: lazyRouteComponent(() => import("../moderation/queue.tsx"), "ModerationScreen"),
});
const about = createRoute({
  getParentRoute: () => root,
  path: "/about",
  component: lazyRouteComponent(() => import("../moderation/about.tsx"), "AboutScreen"),
});

const door = (value: Record<string, unknown>): { next?: string; invitation?: string; token?: string } => ({
  ...(text(value.next) === undefined ? {} : { next: text(value.next)! }),
  ...(text(value.invitation) === undefined ? {} : { invitation: text(value.invitation)! }),
  ...(text(value.token) === undefined ? {} : { token: text(value.token)! }),
});
/** A program of others sent somebody: what it says is read by the house, not here. */
const authorize = createRoute({
  getParentRoute: () => root,
  path: "/oauth/authorize",
  validateSearch: (search): AuthorizeSearch => {
    const given = (name: string) => (text(search[name]) === undefined ? {} : { [name]: text(search[name])! });
    return {
      client_id: text(search.client_id) ?? "",
      redirect_uri: text(search.redirect_uri) ?? "",
      response_type: text(search.response_type) ?? "",
      ...given("scope"),
      ...given("state"),
      ...given("code_challenge"),
      ...given("code_challenge_method"),
    };
  },
  component: lazyRouteComponent(() => import("../people/authorize.tsx"), "AuthorizeScreen"),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: door,
  component: lazyRouteComponent(() => import("../people/door.tsx"), "SignInScreen"),
});
const signUp = createRoute({
  getParentRoute: () => root,
  path: "/sign-up",
  validateSearch: door,
  component: lazyRouteComponent(() => import("../people/door.tsx"), "SignUpScreen"),
});
const setUp = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: door,
  component: lazyRouteComponent(() => import("../people/door.tsx"), "SetUpScreen"),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  validateSearch: door,
  component: lazyRouteComponent(() => import("../people/door.tsx"), "ResetScreen"),
});

export const createPageRouter = () =>
  createRouter({
    routeTree: root.addChildren([
      home,
      discover,
      forYou,
      shorts,
      watch,
      post,
      hashtag,
      bookmarks,
      lists,
      list,
      catchUp,
      slowLane,
      notifications,
      notificationsConfirm,
      notificationsUnsubscribe,
      chats,
      chat,
      videos,
      history,
      playlists,
      playlist,
      studio,
      studioNumbers,
      studioStorage,
      studioFilm,
      profile,
      spaces,
      space,
      settings,
      settingsSection,
      admin,
      adminSection,
      authorize,
      moderation,
      about,
      signIn,
      signUp,
      setUp,
      reset,
    ]),
    defaultPreload: "intent",
    defaultPreloadDelay: 60,
    scrollRestoration: true,
    scrollRestorationBehavior: isStill() ? "instant" : "auto",
    defaultErrorComponent: ({ error, reset: again }) => (
      <Failed error={error} retry={again} title="This page stumbled" />
    ),
    // Plain strings, so that a token in a link stays what it was.
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(search as Record<string, unknown>))
        if (value !== undefined) query.set(name, String(value));
      return query.size > 0 ? `?${query.toString()}` : "";
    },
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createPageRouter>;
  }
}
