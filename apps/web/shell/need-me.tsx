import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Me } from "#systems/people/contract.ts";

import { buttonClass } from "../parts/button.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { Loading, PostSkeleton } from "../parts/skeleton.tsx";
import { meQuery } from "./session.ts";

/** For screens that need somebody: asks who it is, and offers the door where it is nobody. */
export function NeedMe({ children }: { children: (me: Me) => ReactNode }) {
  const asked = useQuery(meQuery);
  const here = useRouterState({ select: (state) => state.location.href });
  if (asked.data) return <>{children(asked.data)}</>;
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  if (asked.isPending) {
    return (
      <div className="space-y-3 pt-4">
        <Loading what="the page" />
        <PostSkeleton />
      </div>
    );
  }
  return (
    <Empty
      title="Please sign in"
      action={
        <Link to="/sign-in" search={{ next: here }} className={buttonClass("primary")}>
          Sign in
        </Link>
      }
    >
      This part of the house is for the people who live in it.
    </Empty>
  );
}
