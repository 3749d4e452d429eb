import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import {
  Ban,
  CalendarDays,
  Clapperboard,
  Ellipsis,
  Flag,
  Image,
  Link2,
  ListPlus,
  LockKeyhole,
  PenLine,
  Rss,
  Scale,
  VolumeX,
} from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { personPosts } from "#systems/feed/contract.ts";
import { peopleRoutes, type Person } from "#systems/people/contract.ts";

import { PostList } from "../feed/post-list.tsx";
import { copyLink } from "../feed/post-menu.tsx";
import { useModerate } from "../moderation/use-moderate.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button, buttonClass, IconButton } from "../parts/button.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { compact, plural } from "../parts/numbers.ts";
import { Loading, PostSkeleton, Skeleton } from "../parts/skeleton.tsx";
import { TabLinks } from "../parts/tab-links.tsx";
import { dayOf } from "../parts/time.tsx";
import { openCompose } from "../shell/compose.ts";
import { ask } from "../shell/house.ts";
import { mayModerate } from "../shell/nav.tsx";
import { useOverlaid } from "../shell/overlay.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { useMe } from "../shell/session.ts";
import { sorry } from "../shell/toasts.ts";
import { type Bond, bonds, FollowButton, setBond } from "./follow.tsx";
import { PeopleDialog } from "./people-dialog.tsx";

const ListSheet = lazy(() => import("../feed/lists/list-sheet.tsx"));
const MessageDoor = lazy(async () => ({ default: (await import("../chat/person-doors.ts")).MessageDoor }));
const ProfileStatus = lazy(async () => ({ default: (await import("../chat/person-doors.ts")).ProfileStatus }));
const ReportDialog = lazy(() => import("../moderation/report-dialog.tsx"));
const PlaylistsOf = lazy(async () => ({ default: (await import("../media/library/playlists.tsx")).PlaylistsOf }));

export function ProfileScreen() {
  const { handle } = useParams({ from: "/@{$handle}" });
  const asked = useQuery(ask(peopleRoutes.person, { params: { handle } }));
  return (
    <>
      <PageHeader
        title={asked.data?.display_name ?? `@${handle}`}
        {...(asked.data ? { detail: `@${asked.data.handle}` } : {})}
        back
      />
      {asked.isPending ? (
        <ProfileSkeleton />
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} title="Nobody by this name" />
      ) : (
        <Profile key={asked.data.id} person={asked.data} />
      )}
    </>
  );
}

function Profile({ person }: { person: Person }) {
  const { tab } = useSearch({ from: "/@{$handle}" });
  const me = useMe();
  const own = me?.id === person.id;
  const bond = useOverlaid<Partial<Bond>>(bonds, person.handle, person.relation ?? {});
  const [list, setList] = useState<"followers" | "following" | null>(null);
  const followers = person.followers + Number(bond.you_follow ?? false) - Number(person.relation?.you_follow ?? false);
  return (
    <>
      <section className="relative border-line bg-surface px-4 pt-5 pb-5 max-sm:border-b sm:mt-3 sm:rounded-2xl sm:border sm:px-6">
        <div className="flex items-start justify-between gap-4">
          <Avatar person={person} size="xl" className="ring-4 ring-surface max-sm:size-22" />
          <div className="flex items-center gap-2 pt-2">
            {own ? (
              <>
                <Link to="/studio" className={buttonClass("outline", "sm")}>
                  Studio
                </Link>
                <Link to="/settings/$section" params={{ section: "profile" }} className={buttonClass("outline", "sm")}>
                  Edit profile
                </Link>
              </>
            ) : (
              me && (
                <>
                  <BondMenu person={person} bond={bond} />
                  {!bond.you_block && !person.suspended && (
                    <Suspense fallback={null}>
                      <MessageDoor handle={person.handle} name={person.display_name} />
                    </Suspense>
                  )}
                  {bond.you_block ? (
                    <Button
                      look="danger"
                      size="sm"
                      onClick={() => setBond("you_block", person.handle, person.display_name, false)}
                    >
                      Unblock
                    </Button>
                  ) : (
                    <FollowButton
                      handle={person.handle}
                      name={person.display_name}
                      following={person.relation?.you_follow ?? false}
                      asks={person.private}
                      requested={person.relation?.you_requested ?? false}
                    />
                  )}
                </>
              )
            )}
          </div>
        </div>
        <h2 className="mt-4 text-xl leading-7 font-extrabold tracking-tight">{person.display_name}</h2>
        <p className="flex flex-wrap items-center gap-2 text-sm text-ink-3">
          @{person.handle}
          {person.private && (
            <span className="inline-flex items-center gap-1 rounded-md bg-sunken px-1.5 py-0.5 text-xs font-semibold">
              <LockKeyhole className="size-3.5" aria-hidden="true" /> Private
            </span>
          )}
          {person.relation?.follows_you && (
            <span className="rounded-md bg-sunken px-1.5 py-0.5 text-xs font-semibold">Follows you</span>
          )}
          {person.role !== "member" && (
            <span className="rounded-md bg-accent-tint px-1.5 py-0.5 text-xs font-semibold text-accent-ink">
              {person.role === "admin" ? "Admin" : "Moderator"}
            </span>
          )}
          {person.limited && !person.suspended && (
            <span className="rounded-md bg-warn-tint px-1.5 py-0.5 text-xs font-semibold text-warn">Limited</span>
          )}
          {person.suspended && (
            <span className="rounded-md bg-warn-tint px-1.5 py-0.5 text-xs font-semibold text-warn">Suspended</span>
          )}
        </p>
        {me && (
          <Suspense fallback={null}>
            <ProfileStatus id={person.id} />
          </Suspense>
        )}
        {person.bio !== "" && (
          <p dir="auto" className="mt-3 max-w-xl whitespace-pre-wrap">
            {person.bio}
          </p>
        )}
        <p className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-sm text-ink-3">
          {person.links.map((link) => (
            <a
              key={link.url}
              href={link.url}
              target="_blank"
              rel="noopener noreferrer nofollow ugc me"
              className="inline-flex items-center gap-1 font-medium text-accent-ink hover:underline"
            >
              <Link2 className="size-4" aria-hidden="true" />
              {link.label || new URL(link.url).host}
            </a>
          ))}
          <span className="inline-flex items-center gap-1">
            <CalendarDays className="size-4" aria-hidden="true" /> Here since {dayOf(person.created_at)}
          </span>
        </p>
        <p className="mt-3 flex gap-5 text-sm">
          <button type="button" onClick={() => setList("following")} className="hover:underline">
            <b className="text-base">{compact(person.following)}</b> <span className="text-ink-3">following</span>
          </button>
          <button type="button" onClick={() => setList("followers")} className="hover:underline">
            <b className="text-base">{compact(followers)}</b>{" "}
            <span className="text-ink-3">{plural(followers, "follower").replace(/^\S+ /, "")}</span>
          </button>
        </p>
      </section>
      <TabLinks
        label="Profile"
        tabs={[
          { to: "/@{$handle}", params: { handle: person.handle }, search: {}, label: "Posts", on: tab === undefined },
          {
            to: "/@{$handle}",
            params: { handle: person.handle },
            search: { tab: "media" },
            label: "Media",
            on: tab === "media",
          },
          {
            to: "/@{$handle}",
            params: { handle: person.handle },
            search: { tab: "videos" },
            label: "Videos",
            on: tab === "videos",
          },
          {
            to: "/@{$handle}",
            params: { handle: person.handle },
            search: { tab: "playlists" },
            label: "Playlists",
            on: tab === "playlists",
          },
        ]}
      />
      {bond.you_block ? (
        <Empty icon={<Ban />} title={`You block ${person.display_name}`}>
          You do not see each other's posts.
        </Empty>
      ) : person.private && !own && !bond.you_follow ? (
        <Empty icon={<LockKeyhole />} title={`What ${person.display_name} posts is for their followers`}>
          {bond.you_requested
            ? "You asked to follow them. They have not answered yet."
            : "Ask to follow them to see it."}
        </Empty>
      ) : tab === "playlists" ? (
        <Suspense fallback={null}>
          <PlaylistsOf person={person} />
        </Suspense>
      ) : (
        <PostList
          key={tab ?? "posts"}
          route={personPosts}
          asked={{ params: { handle: person.handle }, query: tab === undefined ? {} : { only: tab } }}
          empty={
            <Empty
              icon={tab === "videos" ? <Clapperboard /> : tab === "media" ? <Image /> : <PenLine />}
              title={
                tab === undefined ? "No posts yet" : tab === "media" ? "No pictures or videos yet" : "No videos yet"
              }
              action={own && <Button onClick={() => openCompose()}>Write a post</Button>}
            >
              {own
                ? "What you write will stand here."
                : `When ${person.display_name} shares something that you may see, it stands here.`}
            </Empty>
          }
        />
      )}
      {list !== null && (
        <PeopleDialog
          title={list === "followers" ? `Who follows ${person.display_name}` : `Whom ${person.display_name} follows`}
          route={list === "followers" ? peopleRoutes.listFollowers : peopleRoutes.listFollowing}
          params={{ handle: person.handle }}
          close={() => setList(null)}
        />
      )}
    </>
  );
}

function BondMenu({ person, bond }: { person: Person; bond: Partial<Bond> }) {
  const { handle, display_name } = person;
  const [lists, setLists] = useState(false);
  const me = useMe();
  const moderate = useModerate();
  const [reporting, setReporting] = useState(false);
  return (
    <>
      <LazyMenu
        entries={() => [
          { label: "Put into lists", icon: <ListPlus />, run: () => setLists(true) },
          { label: "Copy link", icon: <Link2 />, run: () => void copyLink(`/@${handle}`).catch(sorry) },
          {
            label: "Copy RSS address",
            icon: <Rss />,
            run: () => void copyLink(`/v1/people/${handle}/posts.rss`).catch(sorry),
          },
          "line",
          bond.you_mute
            ? {
                label: "Hear from them again",
                icon: <VolumeX />,
                run: () => setBond("you_mute", handle, display_name, false),
              }
            : {
                label: "Mute",
                detail: "Their posts leave your feed; they do not learn of it",
                icon: <VolumeX />,
                run: () => setBond("you_mute", handle, display_name, true),
              },
          bond.you_block
            ? { label: "Unblock", icon: <Ban />, run: () => setBond("you_block", handle, display_name, false) }
            : {
                label: "Block",
                detail: "You no longer see each other",
                icon: <Ban />,
                danger: true,
                run: () => setBond("you_block", handle, display_name, true),
              },
          { label: "Report", icon: <Flag />, danger: true, run: () => setReporting(true) },
          ...(mayModerate(me)
            ? [{ label: "Moderate", icon: <Scale />, run: () => moderate({ kind: "person", id: person.id }) }]
            : []),
        ]}
        trigger={
          <IconButton label="More" className="border border-line">
            <Ellipsis className="size-5" />
          </IconButton>
        }
      />
      <Suspense fallback={null}>{lists && <ListSheet person={person} close={() => setLists(false)} />}</Suspense>
      <Suspense fallback={null}>
        {reporting && (
          <ReportDialog subject={{ kind: "person", id: person.id }} of={handle} close={() => setReporting(false)} />
        )}
      </Suspense>
    </>
  );
}

const ProfileSkeleton = () => (
  <div>
    <Loading what="the profile" />
    <div className="border-line bg-surface p-6 max-sm:border-b sm:mt-3 sm:rounded-2xl sm:border">
      <Skeleton className="size-28 rounded-full max-sm:size-22" />
      <Skeleton className="mt-5 h-7 w-48" />
      <Skeleton className="mt-2 h-4 w-28" />
      <Skeleton className="mt-4 h-4 w-72 max-w-full" />
    </div>
    <div className="mt-16">
      <PostSkeleton />
    </div>
  </div>
);
