import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { BodyIn } from "#kernel/contract.ts";
import {
  type Channel,
  CHANNEL_NAME_CHARS_MAX,
  type ChannelMember,
  chatRoutes as r,
  LEVELS,
} from "#systems/chat/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Sheet } from "../parts/dialog.tsx";
import { TextField } from "../parts/field.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { askPages, call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { LEVEL_WORDS } from "./channel-deeds.tsx";
import { KIND_WORDS } from "./channel-mark.tsx";
import { chatsChanged } from "./conversations.ts";
import { titleOf } from "./naming.ts";
import { PeoplePicker, type Picked } from "./people-picker.tsx";
import { LiveFace, StatusSign } from "./presence-mark.tsx";

const again = async () => {
  await chatsChanged();
  await queries.invalidateQueries({ queryKey: [r.channelMembers.path] });
};
/** Does it, and asks anew for what it changed. */
const done = (work: Promise<unknown>, words?: string) =>
  void work
    .then(async () => {
      await again();
      if (words !== undefined) say(words);
    })
    .catch(sorry);

/** Who is in it, how one is told of it, and what those who look after it may change. */
export default function AboutSheet({
  channel,
  me,
  close,
  left,
}: {
  channel: Channel;
  me: Me;
  close: () => void;
  left: () => void;
}) {
  const params = { id: channel.id };
  const { mine } = channel;
  const wish = (body: BodyIn<typeof r.setWishes>) => done(call(r.setWishes, { params, body }));
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={titleOf(channel, me.id)} tall>
      <div className="flex flex-col gap-6 px-6 pb-6">
        <p className="text-sm text-ink-2">
          {[KIND_WORDS[channel.kind], channel.space?.name, channel.topic]
            .filter((part) => part !== undefined && part !== "")
            .join(" · ")}
        </p>
        {mine && (
          <section aria-label="How you are told of it" className="flex flex-col gap-3">
            <h3 className="text-sm font-bold">Tell me of</h3>
            <div role="radiogroup" aria-label="Tell me of" className="flex flex-wrap gap-2">
              {LEVELS.map((level) => (
                <button
                  key={level}
                  type="button"
                  role="radio"
                  aria-checked={mine.level === level}
                  onClick={() => wish({ level })}
                  className={cx(
                    "min-h-11 rounded-full border px-4 text-sm font-semibold",
                    mine.level === level
                      ? "border-accent-ink bg-accent-tint text-accent-ink"
                      : "border-line text-ink-2",
                  )}
                >
                  {LEVEL_WORDS[level]}
                </button>
              ))}
            </div>
            <div className="flex flex-wrap gap-2">
              <Button
                look="outline"
                size="sm"
                aria-pressed={mine.favoured}
                onClick={() => wish({ favoured: !mine.favoured })}
              >
                {mine.favoured ? "No favourite any more" : "Make it a favourite"}
              </Button>
              {mine.muted ? (
                <Button look="outline" size="sm" onClick={() => wish({ muted: false })}>
                  Hear it again
                </Button>
              ) : (
                <>
                  <Button look="outline" size="sm" onClick={() => wish({ muted: true, muted_for_s: 3_600 })}>
                    Mute for an hour
                  </Button>
                  <Button look="outline" size="sm" onClick={() => wish({ muted: true })}>
                    Mute
                  </Button>
                </>
              )}
            </div>
          </section>
        )}
        {channel.may.manage && <Manage key={channel.id} channel={channel} />}
        {channel.kind !== "direct" && <People channel={channel} me={me} />}
        <div className="flex flex-wrap gap-2">
          <a
            href={`/v1/chat/channels/${channel.id}/export`}
            download
            className="text-sm font-semibold text-accent-ink underline"
          >
            Take all messages along
          </a>
        </div>
        {mine && (
          <Button
            look="danger"
            className="self-start"
            onClick={() =>
              void call(r.leaveChannel, { params })
                .then(async () => {
                  close();
                  left();
                  await again();
                })
                .catch(sorry)
            }
          >
            {channel.kind === "direct" ? "Out of my list" : "Leave"}
          </Button>
        )}
      </div>
    </Sheet>
  );
}

const SLOW = [0, 10, 60, 300, 3_600];
const KEPT = [null, 7, 30, 90, 365];

function Manage({ channel }: { channel: Channel }) {
  const [name, setName] = useState(channel.name ?? "");
  const [topic, setTopic] = useState(channel.topic);
  const params = { id: channel.id };
  const change = (body: Record<string, unknown>) =>
    done(call(r.changeChannel, { params, body }), "Changed for everybody.");
  return (
    <section aria-label="The channel" className="flex flex-col gap-3">
      <TextField
        label="Name"
        value={name}
        maxLength={CHANNEL_NAME_CHARS_MAX}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="What it is about"
        value={topic}
        maxLength={250}
        onChange={(event) => setTopic(event.target.value)}
      />
      {(name !== (channel.name ?? "") || topic !== channel.topic) && (
        <Button
          size="sm"
          className="self-end"
          onClick={() => change({ ...(name.trim() === "" ? {} : { name }), topic })}
        >
          Save
        </Button>
      )}
      <Choice
        label="Slow mode"
        value={String(channel.slow_mode_s)}
        choices={SLOW.map((s) => [
          String(s),
          s === 0 ? "Off" : s < 60 ? `One in ${s} s` : s < 3_600 ? `One in ${s / 60} min` : "One an hour",
        ])}
        choose={(value) => change({ slow_mode_s: Number(value) })}
      />
      <Choice
        label="Messages are kept"
        value={String(channel.retention_days)}
        choices={KEPT.map((days) => [String(days), days === null ? "Always" : `${days} days`])}
        choose={(value) => change({ retention_days: value === "null" ? null : Number(value) })}
      />
      <Button look="outline" size="sm" className="self-start" onClick={() => change({ archived: !channel.archived })}>
        {channel.archived ? "Open it again" : "Archive: it can be read, and nothing is written"}
      </Button>
    </section>
  );
}

function Choice({
  label,
  value,
  choices,
  choose,
}: {
  label: string;
  value: string;
  choices: [value: string, words: string][];
  choose: (value: string) => void;
}) {
  const there = choices.some(([one]) => one === value);
  return (
    <label className="flex items-center justify-between gap-3 text-sm font-semibold">
      {label}
      <select
        value={value}
        onChange={(event) => choose(event.target.value)}
        className="h-11 rounded-xl border border-line-strong/60 bg-raised px-3 text-sm font-normal"
      >
        {[...choices, ...(there ? [] : [[value, value] as [string, string]])].map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function People({ channel, me }: { channel: Channel; me: Me }) {
  const params = { id: channel.id };
  const pages = useInfiniteQuery(askPages(r.channelMembers, { params }));
  const [adding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<Picked[]>([]);
  return (
    <section aria-label="People" className="flex flex-col gap-2">
      <div className="flex items-center justify-between">
        <h3 className="text-sm font-bold">
          {channel.member_count === 1 ? "1 person" : `${channel.member_count} people`}
        </h3>
        {channel.may.add && (
          <Button look="quiet" size="sm" onClick={() => setAdding(!adding)}>
            Add people
          </Button>
        )}
      </div>
      {adding && (
        <div className="flex flex-col gap-2">
          <PeoplePicker chosen={chosen} change={setChosen} label="Whom to add" />
          <p className="text-xs text-ink-3">They can read what was written before.</p>
          <Button
            size="sm"
            className="self-end"
            disabled={chosen.length === 0}
            onClick={() => {
              done(call(r.addMembers, { params, body: { handles: chosen.map((one) => one.handle) } }), "They are in.");
              setAdding(false);
              setChosen([]);
            }}
          >
            Add
          </Button>
        </div>
      )}
      <PagedList<ChannelMember>
        pages={pages}
        what="people"
        keyOf={({ person }) => person.id}
        skeleton={<RowSkeleton />}
        empty={<p className="text-sm text-ink-3">Nobody is here.</p>}
        end={null}
      >
        {({ person, role }) => (
          <div role="listitem" className="flex items-center gap-3 py-1.5">
            <Link
              to="/@{$handle}"
              params={{ handle: person.handle }}
              className="flex min-w-0 flex-1 items-center gap-3"
            >
              <LiveFace person={person} />
              <span className="min-w-0">
                <span className="flex items-center gap-1.5">
                  <span className="truncate text-sm leading-5 font-semibold">{person.display_name}</span>
                  <StatusSign id={person.id} />
                </span>
                <span className="block truncate text-xs text-ink-3">
                  @{person.handle}
                  {role !== "member" && `, ${role}`}
                </span>
              </span>
            </Link>
            {channel.may.moderate && person.id !== me.id && role !== "owner" && (
              <Button
                look="quiet"
                size="sm"
                onClick={() => done(call(r.removeMember, { params: { ...params, handle: person.handle } }))}
              >
                Put out <span className="sr-only">{person.display_name}</span>
              </Button>
            )}
          </div>
        )}
      </PagedList>
    </section>
  );
}
