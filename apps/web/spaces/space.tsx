import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useRouterState, useSearch } from "@tanstack/react-router";
import {
  Bot,
  Ellipsis,
  HardDrive,
  Link2,
  Lock,
  LogOut,
  Rss,
  Scale,
  Settings2,
  Trash2,
  UserPlus,
  UsersRound,
} from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { spacePosts } from "#systems/feed/contract.ts";
import { type Space, spacesRoutes } from "#systems/spaces/contract.ts";

import { PostList } from "../feed/post-list.tsx";
import { copyLink } from "../feed/post-menu.tsx";
import { Button, buttonClass, IconButton } from "../parts/button.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { plural } from "../parts/numbers.ts";
import { Loading, PostSkeleton, RowSkeleton, Skeleton } from "../parts/skeleton.tsx";
import { TabLinks } from "../parts/tab-links.tsx";
import { openCompose } from "../shell/compose.ts";
import { ask, call } from "../shell/house.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { useMe } from "../shell/session.ts";
import { say, sorry } from "../shell/toasts.ts";
import { SpaceMark } from "./space-mark.tsx";

const sheets = () => import("./sheets.ts");
const SpaceChannels = lazy(async () => ({ default: (await sheets()).SpaceChannels }));
const Trending = lazy(async () => ({ default: (await import("../feed/trending/trending.tsx")).Trending }));
const MembersDialog = lazy(async () => ({ default: (await sheets()).MembersDialog }));
const EditSpace = lazy(async () => ({ default: (await sheets()).EditSpace }));
const InviteDialog = lazy(async () => ({ default: (await sheets()).InviteDialog }));
const ProgramsSheet = lazy(async () => ({ default: (await sheets()).ProgramsSheet }));
const CloseSpace = lazy(async () => ({ default: (await sheets()).CloseSpace }));

export function SpaceScreen() {
  const { slug } = useParams({ from: "/s/$slug" });
  const { invitation, tab } = useSearch({ from: "/s/$slug" });
  const asked = useQuery(ask(spacesRoutes.space, { params: { slug } }));
  if (asked.isPending) {
    return (
      <>
        <PageHeader title="Space" back />
        <Loading what="the space" />
        <Skeleton className="h-52 sm:mt-3 sm:rounded-2xl" />
        <div className="pt-3">
          <PostSkeleton />
        </div>
      </>
    );
  }
  if (asked.isError) {
    return (
      <>
        <PageHeader title="Space" back />
        {invitation === undefined ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} title="There is no such space" />
        ) : (
          <Invited slug={slug} invitation={invitation} />
        )}
      </>
    );
  }
  return <InSpace space={asked.data} invitation={invitation} tab={tab} />;
}

function useMembership(slug: string, invitation: string | undefined) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const key = ask(spacesRoutes.space, { params: { slug } }).queryKey;
  const refresh = () =>
    queries.invalidateQueries({
      predicate: (query) => /^\/v1\/spaces(?:$|\/mine|\/\{s)/.test(String(query.queryKey[0])),
    });
  const join = () => {
    setBusy(true);
    call(spacesRoutes.joinSpace, { params: { slug }, body: invitation === undefined ? {} : { invitation } })
      .then(async (space) => {
        queries.setQueryData(key, space);
        say(`You are in ${space.name}.`);
        await refresh();
      })
      .catch(sorry)
      .finally(() => setBusy(false));
  };
  const leaveSpace = (space: Space) => {
    call(spacesRoutes.leaveSpace, { params: { slug } })
      .then(async () => {
        say(`You left ${space.name}.`, space.join_policy === "open" ? join : undefined);
        await refresh();
      })
      .catch(sorry);
  };
  return { busy, join, leaveSpace };
}

function Invited({ slug, invitation }: { slug: string; invitation: string }) {
  const me = useMe();
  const here = useRouterState({ select: (state) => state.location.href });
  const { busy, join } = useMembership(slug, invitation);
  return (
    <Empty
      icon={<UsersRound />}
      title="You are invited to a space"
      action={
        me ? (
          <Button busy={busy} onClick={join}>
            Go in
          </Button>
        ) : (
          <Link to="/sign-in" search={{ next: here }} className={buttonClass("primary")}>
            Sign in first
          </Link>
        )
      }
    >
      It is for its members only. With this invitation you become one of them.
    </Empty>
  );
}

function InSpace({
  space,
  invitation,
  tab,
}: {
  space: Space;
  invitation: string | undefined;
  tab: "trending" | "channels" | undefined;
}) {
  const is_trending = tab === "trending";
  const me = useMe();
  const { role, may_post, may_manage } = space.membership;
  const { busy, join, leaveSpace } = useMembership(space.slug, invitation);
  const [open, setOpen] = useState<"members" | "edit" | "invite" | "programs" | "close" | null>(null);
  const navigate = useNavigate();
  const here = useRouterState({ select: (state) => state.location.href });
  const close = () => setOpen(null);
  const card = { id: space.id, slug: space.slug, name: space.name };
  return (
    <>
      <PageHeader title={space.name} detail={plural(space.members, "member")} back />
      <section className="border-line bg-surface p-4 max-sm:border-b sm:mt-3 sm:rounded-2xl sm:border sm:p-6">
        <div className="flex items-start justify-between gap-3">
          <SpaceMark space={space} large />
          <div className="flex items-center gap-2">
            <LazyMenu
              entries={() => [
                { label: "Copy link", icon: <Link2 />, run: () => void copyLink(`/s/${space.slug}`).catch(sorry) },
                { label: "Members", icon: <UsersRound />, run: () => setOpen("members") },
                ...(space.visibility === "public"
                  ? [
                      {
                        label: "Copy RSS address",
                        icon: <Rss />,
                        run: () => void copyLink(`/v1/spaces/${space.slug}/posts.rss`).catch(sorry),
                      },
                    ]
                  : []),
                ...(may_manage
                  ? ([
                      { label: "Invite", icon: <UserPlus />, run: () => setOpen("invite") },
                      {
                        label: "Storage",
                        icon: <HardDrive />,
                        run: () => void navigate({ to: "/studio/storage", search: { space: space.id } }),
                      },
                      { label: "Settings of the space", icon: <Settings2 />, run: () => setOpen("edit") },
                    ] as const)
                  : []),
                ...(role === "owner" || role === "admin"
                  ? ([{ label: "Programs", icon: <Bot />, run: () => setOpen("programs") }] as const)
                  : []),
                ...(role !== null && role !== "member"
                  ? ([
                      {
                        label: "Moderation",
                        icon: <Scale />,
                        run: () => void navigate({ to: "/moderation", search: { space: space.id } }),
                      },
                    ] as const)
                  : []),
                ...(role !== null && role !== "owner"
                  ? ([
                      "line",
                      { label: "Leave", icon: <LogOut />, danger: true, run: () => leaveSpace(space) },
                    ] as const)
                  : []),
                ...(role === "owner"
                  ? ([
                      "line",
                      { label: "Close the space", icon: <Trash2 />, danger: true, run: () => setOpen("close") },
                    ] as const)
                  : []),
              ]}
              trigger={
                <IconButton label="More" className="border border-line">
                  <Ellipsis className="size-5" />
                </IconButton>
              }
            />
            {role === null ? (
              me ? (
                (space.join_policy === "open" || invitation !== undefined) && (
                  <Button busy={busy} onClick={join}>
                    Join
                  </Button>
                )
              ) : (
                <Link to="/sign-in" search={{ next: here }} className={buttonClass("primary")}>
                  Sign in to join
                </Link>
              )
            ) : (
              may_manage && (
                <Button look="outline" onClick={() => setOpen("invite")}>
                  <UserPlus className="size-4.5" /> Invite
                </Button>
              )
            )}
          </div>
        </div>
        <h2 className="mt-4 text-xl leading-7 font-extrabold tracking-tight">{space.name}</h2>
        <p className="flex flex-wrap items-center gap-x-3 text-sm text-ink-3">
          {space.visibility === "private" && (
            <span className="inline-flex items-center gap-1">
              <Lock className="size-4" aria-hidden="true" /> For members
            </span>
          )}
          <button type="button" onClick={() => setOpen("members")} className="hover:underline">
            {plural(space.members, "member")}
          </button>
          {role !== null && (
            <span className="rounded-md bg-accent-tint px-1.5 py-0.5 text-xs font-semibold text-accent-ink capitalize">
              {role}
            </span>
          )}
        </p>
        {space.description !== "" && <p className="mt-3 max-w-xl whitespace-pre-wrap">{space.description}</p>}
        {role === null && space.join_policy === "invitation" && invitation === undefined && (
          <p className="mt-4 rounded-xl bg-sunken px-4 py-3 text-sm text-ink-2">
            This space is joined by invitation. Ask one of its moderators.
          </p>
        )}
        {may_post && (
          <button
            type="button"
            onClick={() => openCompose({ space: card })}
            className="mt-5 flex h-12 w-full items-center rounded-full bg-sunken px-5 text-left text-ink-3 transition-colors hover:bg-line"
          >
            Say something in {space.name}
          </button>
        )}
      </section>
      <TabLinks
        label={`In ${space.name}`}
        tabs={[
          { to: "/s/$slug", params: { slug: space.slug }, label: "Newest", on: tab === undefined },
          {
            to: "/s/$slug",
            params: { slug: space.slug },
            search: { tab: "trending" },
            label: "Trending",
            on: is_trending,
          },
          ...(role === null
            ? []
            : [
                {
                  to: "/s/$slug" as const,
                  params: { slug: space.slug },
                  search: { tab: "channels" as const },
                  label: "Channels",
                  on: tab === "channels",
                },
              ]),
        ]}
      />
      {tab === "channels" && role !== null ? (
        <div className="px-2 py-3">
          <Suspense fallback={<RowSkeleton />}>
            <SpaceChannels
              slug={space.slug}
              name={space.name}
              heading="Where this space talks"
              moderates={role !== "member"}
            />
          </Suspense>
        </div>
      ) : is_trending ? (
        <Suspense fallback={<PostSkeleton />}>
          <Trending space={card} />
        </Suspense>
      ) : (
        <PostList
          route={spacePosts}
          asked={{ params: { space: space.slug } }}
          empty={
            <Empty
              icon={<UsersRound />}
              title="Quiet in here"
              action={may_post && <Button onClick={() => openCompose({ space: card })}>Break the silence</Button>}
            >
              What the members of {space.name} share will stand here.
            </Empty>
          }
        />
      )}
      <Suspense fallback={null}>
        {open === "members" && <MembersDialog space={space} close={close} />}
        {open === "edit" && <EditSpace space={space} close={close} />}
        {open === "invite" && <InviteDialog space={space} close={close} />}
        {open === "programs" && <ProgramsSheet space={space} close={close} />}
        {open === "close" && <CloseSpace space={space} close={close} closed={() => void navigate({ to: "/spaces" })} />}
      </Suspense>
    </>
  );
}
