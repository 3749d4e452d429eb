import { useQuery } from "@tanstack/react-query";
import { EyeOff, Trash2, TriangleAlert } from "lucide-react";
import { useState } from "react";

import {
  listMutedWords,
  MUTED_PHRASE_CHARS_MAX,
  type MutedWord,
  muteWord,
  unmuteWord,
} from "#systems/feed/contract.ts";

import { Refusal, sentenceOf } from "../../client.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { Failed } from "../../parts/empty.tsx";
import { Choices, SelectField, TextField, Tick } from "../../parts/field.tsx";
import { Loading, RowSkeleton } from "../../parts/skeleton.tsx";
import { dayOf } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { listsAnew, prefer, preferencesQuery } from "./preferences.ts";

const words = ask(listMutedWords);

export function ReadingSettings() {
  return (
    <>
      <HowOneReads />
      <MutedWords />
    </>
  );
}

function HowOneReads() {
  const asked = useQuery(preferencesQuery);
  return (
    <Panel title="Reading" intro="On all your devices.">
      {asked.isPending ? (
        <>
          <Loading what="your preferences" />
          <RowSkeleton />
        </>
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : (
        <div className="space-y-6">
          <Choices
            label="Home opens"
            value={asked.data.home_opens}
            onChange={(home_opens) => void prefer({ home_opens })}
            choices={[
              {
                value: "position",
                label: "Where I stopped",
                detail: "What came since is above, with a way to the top.",
              },
              { value: "top", label: "With the newest", detail: "What you have not read yet is further down." },
            ]}
          />
          <Choices
            label="Sensitive pictures and films"
            value={asked.data.sensitive_media}
            onChange={(sensitive_media) => void prefer({ sensitive_media })}
            choices={[
              { value: "warn", label: "Cover them", detail: "You see them when you ask." },
              { value: "show", label: "Show them", detail: "As all others." },
              {
                value: "hide",
                label: "Leave such posts out",
                detail: "Of all lists; who goes to a post still finds it.",
              },
            ]}
          />
          <Tick
            label="Show in home what others pass on"
            checked={asked.data.home_reposts === "show"}
            onChange={(event) => void prefer({ home_reposts: event.target.checked ? "show" : "hide" })}
          />
        </div>
      )}
    </Panel>
  );
}

function MutedWords() {
  const asked = useQuery(words);
  return (
    <Panel
      title="Muted words"
      intro="Posts with these words stay out of your lists, or are folded. A hashtag is muted with its sign."
    >
      <MuteForm />
      <div className="mt-5">
        {asked.isPending ? (
          <>
            <Loading what="your muted words" />
            <RowSkeleton />
          </>
        ) : asked.isError ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} />
        ) : asked.data.items.length === 0 ? (
          <p className="text-sm text-ink-3">No words are muted.</p>
        ) : (
          <ul className="-mx-2">
            {asked.data.items.map((word) => (
              <li key={word.id}>
                <Line word={word} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}

/** The list with something changed in it, before the house has said so. */
const changeWords = (change: (items: MutedWord[]) => MutedWord[]) =>
  queries.setQueryData<{ items: MutedWord[]; next_cursor: null }>(
    words.queryKey,
    (before) => before && { ...before, items: change(before.items) },
  );

const bodyOf = (word: MutedWord) => ({
  phrase: word.phrase,
  matches: word.matches,
  kind: word.kind,
  place: word.place,
  expires_in_d:
    word.expires_at === null
      ? null
      : Math.max(1 / 1440, (Date.parse(word.expires_at) - performance.timeOrigin - performance.now()) / 86_400_000),
});

async function hearAgain(word: MutedWord) {
  changeWords((items) => items.filter(({ id }) => id !== word.id));
  try {
    await call(unmuteWord, { params: { id: word.id } });
    listsAnew();
    say(`You hear “${word.phrase}” again.`, async () => {
      const back = await call(muteWord, { body: bodyOf(word) });
      changeWords((items) => [back, ...items]);
      listsAnew();
    });
  } catch (error) {
    await queries.invalidateQueries({ queryKey: words.queryKey });
    sorry(error);
  }
}

function Line({ word }: { word: MutedWord }) {
  const about = [
    word.kind === "hide" ? "hidden" : "folded",
    word.place === "home" ? "in home and lists" : "everywhere",
    ...(word.matches === "part" ? ["also inside words"] : []),
    ...(word.expires_at === null ? [] : [`until ${dayOf(word.expires_at)}`]),
  ];
  return (
    <div className="flex items-center gap-3 rounded-xl px-2 py-1">
      {word.kind === "hide" ? (
        <EyeOff className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
      ) : (
        <TriangleAlert className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
      )}
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm leading-5 font-semibold">{word.phrase}</span>
        <span className="block truncate text-xs text-ink-3">{about.join(" · ")}</span>
      </span>
      <IconButton label={`Hear ${word.phrase} again`} onClick={() => void hearAgain(word)}>
        <Trash2 className="size-5" />
      </IconButton>
    </div>
  );
}

const TIMES = [
  { value: "", label: "Without end" },
  { value: "1", label: "For a day" },
  { value: "7", label: "For a week" },
  { value: "30", label: "For a month" },
  { value: "365", label: "For a year" },
] as const;

function MuteForm() {
  const [phrase, setPhrase] = useState("");
  const [kind, setKind] = useState<"hide" | "warn">("hide");
  const [place, setPlace] = useState<"home" | "everywhere">("everywhere");
  const [part, setPart] = useState(false);
  const [days, setDays] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  async function save() {
    const body = {
      phrase,
      kind,
      place,
      matches: part ? ("part" as const) : ("word" as const),
      expires_in_d: days === "" ? null : Number(days),
    };
    const muted = await call(muteWord, { body });
    changeWords((items) => [muted, ...items.filter(({ id }) => id !== muted.id)]);
    listsAnew();
    setPhrase("");
    say(`“${muted.phrase}” is muted.`, () => hearAgain(muted));
  }
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        save()
          .catch(setProblem)
          .finally(() => setBusy(false));
      }}
    >
      <TextField
        label="Word, phrase or #hashtag"
        required
        autoComplete="off"
        maxLength={MUTED_PHRASE_CHARS_MAX}
        value={phrase}
        error={
          problem
            ? problem instanceof Refusal
              ? (problem.fields.phrase ?? problem.message)
              : sentenceOf(problem)
            : undefined
        }
        onChange={(event) => setPhrase(event.target.value)}
      />
      <div className="grid gap-4 sm:grid-cols-3">
        <SelectField label="What happens" value={kind} onChange={(event) => setKind(event.target.value as typeof kind)}>
          <option value="hide">Hide the post</option>
          <option value="warn">Fold it, with a note</option>
        </SelectField>
        <SelectField label="Where" value={place} onChange={(event) => setPlace(event.target.value as typeof place)}>
          <option value="everywhere">Everywhere</option>
          <option value="home">Home and lists</option>
        </SelectField>
        <SelectField label="How long" value={days} onChange={(event) => setDays(event.target.value)}>
          {TIMES.map((time) => (
            <option key={time.value} value={time.value}>
              {time.label}
            </option>
          ))}
        </SelectField>
      </div>
      <Tick
        label="Also inside other words"
        detail="“art” also mutes “party”"
        checked={part}
        onChange={(event) => setPart(event.target.checked)}
      />
      <Button type="submit" busy={busy} disabled={phrase.trim() === ""}>
        Mute
      </Button>
    </form>
  );
}
