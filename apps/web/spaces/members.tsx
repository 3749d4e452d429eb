import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, Ellipsis, Shield, UserMinus } from "lucide-react";

import { type Space, SPACE_ROLES, type SpaceMember, type SpaceRole, spacesRoutes } from "#systems/spaces/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { IconButton } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import type { MenuEntry } from "../parts/menu-entry.ts";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { askPages, call } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";
import { say, sorry } from "../shell/toasts.ts";

const rank = (role: SpaceRole) => SPACE_ROLES.indexOf(role);

export default function MembersDialog({ space, close }: { space: Space; close: () => void }) {
  const pages = useInfiniteQuery(askPages(spacesRoutes.listMembers, { params: { slug: space.slug } }));
  const me = useMe();
  const own = space.membership.role;
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={`Members of ${space.name}`} tall>
      <PagedList<SpaceMember>
        pages={pages}
        what="members"
        keyOf={(member) => member.person.id}
        className="pb-4"
        skeleton={
          <>
            <RowSkeleton />
            <RowSkeleton />
            <RowSkeleton />
          </>
        }
        empty={<p className="px-6 py-14 text-center text-sm text-ink-3">Nobody yet.</p>}
        end={null}
      >
        {(member) => (
          <div role="listitem" className="flex items-center gap-3 px-6 py-2.5">
            <Link
              to="/@{$handle}"
              params={{ handle: member.person.handle }}
              onClick={close}
              className="flex min-w-0 flex-1 items-center gap-3"
            >
              <Avatar person={member.person} />
              <span className="min-w-0">
                <span className="block truncate leading-5 font-semibold">{member.person.display_name}</span>
                <span className="block truncate text-sm text-ink-3">@{member.person.handle}</span>
              </span>
            </Link>
            {member.role !== "member" && (
              <span className="rounded-md bg-accent-tint px-1.5 py-0.5 text-xs font-semibold text-accent-ink capitalize">
                {member.role}
              </span>
            )}
            {space.membership.may_manage &&
              own !== null &&
              me?.id !== member.person.id &&
              rank(own) < rank(member.role) && <MemberMenu space={space} member={member} own={own} />}
          </div>
        )}
      </PagedList>
    </Sheet>
  );
}

function MemberMenu({ space, member, own }: { space: Space; member: SpaceMember; own: SpaceRole }) {
  const queries = useQueryClient();
  const params = { slug: space.slug, handle: member.person.handle };
  const name = member.person.display_name;
  const after = (text: string) => async () => {
    await queries.invalidateQueries({ queryKey: [spacesRoutes.listMembers.path, { slug: space.slug }] });
    say(text);
  };
  const entries = (): MenuEntry[] => [
    ...SPACE_ROLES.filter((role) => role !== "owner" && rank(role) > rank(own)).map((role) => ({
      label: role === "member" ? "Member" : role === "moderator" ? "Moderator" : "Admin",
      icon: <Shield />,
      checked: member.role === role,
      run: () =>
        void call(spacesRoutes.setMemberRole, { params, body: { role } })
          .then(after(`${name} is ${role} now.`))
          .catch(sorry),
    })),
    "line",
    {
      label: "Remove",
      detail: "They may come back",
      icon: <UserMinus />,
      danger: true,
      run: () =>
        void call(spacesRoutes.removeMember, { params })
          .then(after(`${name} is out.`))
          .catch(sorry),
    },
    {
      label: "Ban",
      detail: "They may not come back",
      icon: <Ban />,
      danger: true,
      run: () =>
        void call(spacesRoutes.ban, { params, body: {} })
          .then(after(`${name} may not come back.`))
          .catch(sorry),
    },
  ];
  return (
    <LazyMenu
      entries={entries}
      trigger={
        <IconButton label={`What to do about ${name}`} className="-mr-3">
          <Ellipsis className="size-5" />
        </IconButton>
      }
    />
  );
}
