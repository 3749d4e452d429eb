import { Link } from "@tanstack/react-router";
import { Turtle } from "lucide-react";

import { SLOW_POSTS_MAX, SLOW_WINDOW_D, slowLane } from "#systems/feed/contract.ts";

import { buttonClass } from "../../parts/button.tsx";
import { Empty } from "../../parts/empty.tsx";
import { NeedMe } from "../../shell/need-me.tsx";
import { HomeFrame } from "../home-tabs.tsx";
import { PostList } from "../post-list.tsx";

/** Who seldom writes, so that they do not drown among those who often do. */
export function SlowLaneScreen() {
  return (
    <HomeFrame on="slow-lane" title="Slow lane">
      <p className="px-4 pb-3 text-sm text-ink-2 sm:px-1">
        People you follow who wrote at most {SLOW_POSTS_MAX} posts in {SLOW_WINDOW_D} days, newest first.
      </p>
      <NeedMe>
        {() => (
          <PostList
            route={slowLane}
            empty={
              <Empty
                icon={<Turtle />}
                title="Nobody here is slow"
                action={
                  <Link to="/discover" className={buttonClass("outline")}>
                    Look around
                  </Link>
                }
              >
                Whoever you follow and writes seldom stands here, so that you do not miss them.
              </Empty>
            }
          />
        )}
      </NeedMe>
    </HomeFrame>
  );
}
