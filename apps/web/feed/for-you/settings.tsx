import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import {
  type ForYouLess,
  forYouModel,
  listLessForYou,
  setForYouHouse,
  undoLessForYou,
} from "#systems/feed/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { Button } from "../../parts/button.tsx";
import { Failed } from "../../parts/empty.tsx";
import { Tick } from "../../parts/field.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { RowSkeleton } from "../../parts/skeleton.tsx";
import { Ago, dayOf } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, askPages, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { settingsQuery, switchForYou } from "./screen.tsx";
import { outcomeWords } from "./terms.ts";

/** Whether the house chooses for one, what one asked to see less of, and by which weights it is done. */
export function ForYouSettings({ me }: { me: Me }) {
  const settings = useQuery(settingsQuery);
  return (
    <>
      <Panel
        title="For you"
        intro="A list that the house makes from what you and the people you follow like, answer and pass on. Home stays in order of time, whatever you choose here."
      >
        {settings.isPending ? (
          <RowSkeleton />
        ) : settings.isError ? (
          <Failed error={settings.error} retry={() => void settings.refetch()} />
        ) : (
          <div className="space-y-3">
            <Tick
              label="Choose posts for me"
              detail={
                settings.data.house_on
                  ? "Switched off, the lists are deleted, and nothing that you do is learned from."
                  : "An admin switched it off for the whole house."
              }
              checked={settings.data.on}
              disabled={!settings.data.house_on}
              onChange={(event) => void switchForYou(event.currentTarget.checked)}
            />
            {me.role === "admin" && (
              <Tick
                label="For you in this house"
                detail="You are an admin: off, nobody has it, and no list is kept."
                checked={settings.data.house_on}
                onChange={(event) => void switchHouse(event.currentTarget.checked)}
              />
            )}
          </div>
        )}
      </Panel>
      <Wishes />
      <Weights />
    </>
  );
}

async function switchHouse(on: boolean): Promise<void> {
  try {
    await call(setForYouHouse, { body: { on } });
    await queries.invalidateQueries({ queryKey: settingsQuery.queryKey });
    say(on ? "For you is on in this house." : "For you is off in this house.", () => switchHouse(!on));
  } catch (error) {
    sorry(error);
  }
}

function Wishes() {
  const pages = useInfiniteQuery(askPages(listLessForYou));
  return (
    <Panel title="Less of" intro="What you asked not to be chosen for you. Elsewhere in the house it stays.">
      <PagedList<ForYouLess>
        pages={pages as Parameters<typeof PagedList<ForYouLess>>[0]["pages"]}
        what="wishes"
        keyOf={(less) => `${less.kind}-${less.id}`}
        className="divide-y divide-line/70"
        skeleton={<RowSkeleton />}
        empty={<p className="text-sm text-ink-3">Nothing yet. The menu of a post in For you has it.</p>}
        end={null}
      >
        {(less) => <Wish less={less} />}
      </PagedList>
    </Panel>
  );
}

function Wish({ less: { kind, id, author, at } }: { less: ForYouLess }) {
  const undo = async () => {
    try {
      await call(undoLessForYou, { params: { kind, id } });
      await queries.invalidateQueries({ queryKey: askPages(listLessForYou).queryKey });
      say("It may be chosen again.");
    } catch (error) {
      sorry(error);
    }
  };
  const name = author ? author.display_name : "somebody who has left";
  return (
    <div role="listitem" className="flex items-center gap-3 py-2.5 text-sm">
      <p className="min-w-0 flex-1">
        {kind === "author" ? (
          <>All by {author ? <PersonLink handle={author.handle} name={name} /> : name}</>
        ) : (
          <>
            <Link
              to="/posts/$id"
              params={{ id }}
              className="inline-block min-w-6 leading-6 font-semibold hover:underline"
            >
              A post
            </Link>{" "}
            by {author ? <PersonLink handle={author.handle} name={name} /> : name}
          </>
        )}
        <span className="block text-xs text-ink-3">
          <Ago at={at} />
        </span>
      </p>
      <Button look="outline" size="sm" onClick={() => void undo()}>
        Undo
      </Button>
    </div>
  );
}

const PersonLink = ({ handle, name }: { handle: string; name: string }) => (
  <Link to="/@{$handle}" params={{ handle }} className="inline-block min-w-6 leading-6 font-semibold hover:underline">
    {name}
  </Link>
);

/** The weights in place, for who wants to know: the same for everybody in the house. */
function Weights() {
  const model = useQuery(ask(forYouModel));
  if (!model.data) return null;
  const { weights, version, made_at, report } = model.data;
  const names = Object.keys(weights.find((one) => one.outcome === "like")?.weights ?? {});
  return (
    <Panel
      title="How it weighs"
      intro={
        made_at === null
          ? "By weights that were set by hand. Whoever runs the house can have it learn its own."
          : `By weights that this house learned on ${dayOf(made_at)} from what its people did (version ${version}${report ? `, ${report.examples.toLocaleString()} examples` : ""}).`
      }
    >
      <details>
        <summary className="cursor-pointer py-1 text-sm font-semibold text-accent-ink">All the numbers</summary>
        <p className="mt-3 text-xs text-ink-3">
          Log-odds that each thing adds to each outcome. An outcome is worth what stands below its name, in likes.
        </p>
        <div
          // What scrolls by itself takes the focus, so that keys can scroll it.
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          role="region"
          aria-label="All the weights"
          className="mt-3 overflow-x-auto"
        >
          <table className="text-xs">
            <thead>
              <tr>
                <th scope="col" className="py-1 pr-4 text-left font-semibold">
                  What is known
                </th>
                {weights.map(({ outcome, worth }) => (
                  <th key={outcome} scope="col" className="min-w-20 px-2 py-1 text-right align-bottom font-semibold">
                    {outcomeWords(outcome)}
                    <span className="block font-normal text-ink-3">{String(worth).replace("-", "−")}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {["bias", ...names].map((name) => (
                <tr key={name} className="border-t border-line/70">
                  <th scope="row" className="py-1 pr-4 text-left font-normal whitespace-nowrap text-ink-2">
                    {name === "bias" ? "nothing special" : name.replaceAll("_", " ")}
                  </th>
                  {weights.map(({ outcome, bias, weights: of }) => (
                    <td key={outcome} className="px-2 py-1 text-right whitespace-nowrap tabular-nums">
                      {(name === "bias" ? bias : (of[name] ?? 0)).toFixed(2).replace("-", "−")}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </Panel>
  );
}
