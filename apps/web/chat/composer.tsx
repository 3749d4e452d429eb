import { ChartBarBig, Film as FilmIcon, ImagePlus, Mic, Plus, SendHorizontal, X } from "lucide-react";
import { type KeyboardEvent, lazy, Suspense, useEffect, useRef, useState } from "react";

import { POLL_OPTIONS_MIN, type PollAsked } from "#kernel/polls.ts";
import { type Channel, type Message, MESSAGE_CHARS_MAX, MESSAGE_IMAGES_MAX } from "#systems/chat/contract.ts";

import type { PollBegun } from "../feed/draft.ts";
import { CommandList } from "../hooks/command-list.tsx";
import { giveCommand } from "../hooks/give-command.ts";
import { isCommand, isNaming } from "../hooks/given.ts";
import { uploadPicture } from "../media/upload-picture.ts";
import { Wheel } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { sorry } from "../shell/toasts.ts";
import { makeCid, outbox } from "./conversations.ts";
import { FilmCard } from "./film-card.tsx";
import { EmojiButton } from "./reactions.tsx";
import { SendLater } from "./send-later.tsx";
import { useFilmUpload } from "./use-film-upload.ts";
import { useKeptDraft } from "./use-kept-draft.ts";
import { useMentions } from "./use-mentions.tsx";

const PollEditor = lazy(async () => ({ default: (await import("../feed/writing/poll-editor.tsx")).PollEditor }));
const VoiceRecorder = lazy(async () => ({ default: (await import("./message-parts.ts")).VoiceRecorder }));
const POLL: PollBegun = { options: ["", ""], multiple: false, hides_results: false, open_s: 86_400 };

interface Picture {
  key: string;
  url: string;
  id: string | null;
}

export interface ComposerProps {
  channel: Channel;
  root_id: string | null;
  label: string;
  /** What is being answered. */
  answering: Message | null;
  stopAnswering: () => void;
  /** The own last message, to be changed with the arrow up. */
  editLast: () => void;
  typing?: () => void;
  /** What was kept of it. */
  draft: string;
}

/** Where a message is written. Enter sends, Shift and Enter is a new line; what is not sent is kept in the house. */
export function Composer({
  channel,
  root_id,
  label,
  answering,
  stopAnswering,
  editLast,
  typing,
  draft,
}: ComposerProps) {
  const [text, setText] = useState(draft);
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const [also, setAlso] = useState(false);
  const film = useFilmUpload();
  const [poll, setPoll] = useState<PollBegun | null>(null);
  const [recording, setRecording] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const films = useRef<HTMLInputElement>(null);
  const busy = pictures.some((one) => one.id === null) || (film.now !== null && film.now.id === null);
  const left = MESSAGE_CHARS_MAX - text.length;
  const asked = poll && pollFrom(poll);
  const lacks =
    poll === null
      ? null
      : text.trim() === ""
        ? "Write the question as the message."
        : asked
          ? null
          : "A poll has two options or more, each different.";
  const may_send =
    (text.trim() !== "" || pictures.length > 0 || film.now !== null) && !busy && left >= 0 && lacks === null;
  useKeptDraft(channel.id, root_id, text, draft);

  useEffect(() => {
    const node = field.current;
    if (!node) return;
    node.style.height = "auto";
    node.style.height = `${Math.min(node.scrollHeight, window.innerHeight * 0.4)}px`;
  }, [text]);
  useEffect(() => {
    if (answering) field.current?.focus();
  }, [answering]);
  // Writing is what one comes for; on a phone the keyboard would cover what is read.
  useEffect(() => {
    if (!recording && matchMedia("(pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  }, [recording]);

  const command = async (words: string) => {
    setText("");
    stopAnswering();
    // Refused words are not lost, unless others were written meanwhile.
    if (!(await giveCommand(channel.id, makeCid(), words, root_id))) setText((now) => (now === "" ? words : now));
  };
  const send = () => {
    if (!may_send) return;
    if (isCommand(text) && pictures.length === 0 && film.now === null && poll === null)
      return void command(text.trim()).catch(sorry);
    outbox.add({
      cid: makeCid(),
      channel_id: channel.id,
      body: text.trim(),
      root_id,
      reply_to_id: answering?.id ?? null,
      also_in_channel: also,
      image_ids: pictures.flatMap((one) => one.id ?? []),
      ...(asked ? { poll: asked } : {}),
      ...(film.now?.id ? { video_id: film.now.id } : {}),
    });
    for (const one of pictures) URL.revokeObjectURL(one.url);
    setText("");
    setPictures([]);
    setAlso(false);
    setPoll(null);
    film.sent();
    stopAnswering();
  };
  /** What is written meanwhile stays to be sent by itself. */
  const sendVoice = (sound_id: string) => {
    outbox.add({
      cid: makeCid(),
      channel_id: channel.id,
      body: "",
      root_id,
      reply_to_id: answering?.id ?? null,
      also_in_channel: also,
      image_ids: [],
      sound_id,
    });
    setRecording(false);
    setAlso(false);
    stopAnswering();
  };
  const add = (chosen: Iterable<File>) => {
    if (film.now !== null) return;
    for (const file of [...chosen]
      .filter(({ type }) => type.startsWith("image/"))
      .slice(0, MESSAGE_IMAGES_MAX - pictures.length)) {
      const key = makeCid();
      setPictures((before) => [...before, { key, url: URL.createObjectURL(file), id: null }]);
      uploadPicture(file)
        .then((id) => setPictures((before) => before.map((one) => (one.key === key ? { ...one, id } : one))))
        .catch((error: unknown) => {
          setPictures((before) => before.filter((one) => one.key !== key));
          sorry(error);
        });
    }
  };
  /** A message has pictures or a film, and one film. */
  const addFilm = (file: File) => {
    for (const one of pictures) URL.revokeObjectURL(one.url);
    setPictures([]);
    film.add(file);
  };
  const insert = (more: string) => {
    const node = field.current;
    const at = node?.selectionStart ?? text.length;
    setText(`${text.slice(0, at)}${more}${text.slice(at)}`);
    node?.focus();
  };
  const mention = useMentions(channel, field, text, setText);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || mention.onKey(event)) return;
    const touch = matchMedia("(pointer: coarse)").matches;
    if (
      event.key === "Enter" &&
      !event.shiftKey &&
      (!touch || event.ctrlKey || event.metaKey) &&
      !inCode(text, field.current)
    ) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      editLast();
    } else if (event.key === "Escape" && answering) {
      event.stopPropagation();
      stopAnswering();
    }
  };

  if (!channel.may.send)
    return (
      <p className="border-t border-line px-4 py-4 pb-[calc(1rem+env(safe-area-inset-bottom))] text-center text-sm text-ink-3">
        {channel.may.send_because}
      </p>
    );
  return (
    <div className="border-t border-line px-3 pt-2 pb-[calc(0.5rem+env(safe-area-inset-bottom))]">
      {answering && (
        <div className="mb-2 flex items-center gap-2 rounded-xl bg-sunken px-3 py-1.5 text-xs text-ink-2">
          <span className="min-w-0 flex-1 truncate">
            Answering <strong>{answering.author?.display_name ?? "somebody"}</strong>: {answering.body}
          </span>
          <button
            type="button"
            aria-label="Answer nobody"
            onClick={stopAnswering}
            className="grid size-8 place-items-center"
          >
            <X className="size-4" aria-hidden="true" />
          </button>
        </div>
      )}
      {pictures.length > 0 && (
        <ul aria-label="Pictures to send" className="mb-2 flex gap-2 overflow-x-auto">
          {pictures.map((one) => (
            <li key={one.key} className="relative size-20 shrink-0 overflow-hidden rounded-xl bg-sunken">
              <img src={one.url} alt="" className={cx("size-full object-cover", one.id === null && "opacity-50")} />
              {one.id === null && <Wheel className="absolute inset-0 m-auto size-6 text-accent-ink" />}
              <button
                type="button"
                aria-label="Take this picture out"
                onClick={() => setPictures(pictures.filter((other) => other.key !== one.key))}
                className="absolute top-1 right-1 grid size-7 place-items-center rounded-full bg-black/60 text-white"
              >
                <X className="size-4" aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {film.now && <FilmCard film={film.now} />}
      {poll && (
        <div className="mb-2 max-h-[50dvh] overflow-y-auto">
          <Suspense fallback={<div className="h-64" />}>
            <PollEditor poll={poll} onChange={setPoll} onRemove={() => setPoll(null)} />
          </Suspense>
        </div>
      )}
      {recording && (
        <Suspense fallback={<div className="h-13" />}>
          <VoiceRecorder send={sendVoice} close={() => setRecording(false)} />
        </Suspense>
      )}
      <div
        className={cx(
          "relative flex items-end gap-1 rounded-3xl border border-line bg-surface py-1 pr-1 pl-1 focus-within:border-line-strong",
          recording && "hidden",
        )}
      >
        <input
          ref={files}
          type="file"
          accept="image/*"
          multiple
          tabIndex={-1}
          aria-hidden="true"
          className="hidden"
          onChange={({ target }) => {
            add(target.files ?? []);
            target.value = "";
          }}
        />
        <input
          ref={films}
          type="file"
          accept="video/*"
          tabIndex={-1}
          aria-hidden="true"
          className="hidden"
          onChange={({ target }) => {
            const [file] = target.files ?? [];
            if (file) addFilm(file);
            target.value = "";
          }}
        />
        <LazyMenu
          align="start"
          side="top"
          entries={() => [
            { label: "Pictures", icon: <ImagePlus />, disabled: film.now !== null, run: () => files.current?.click() },
            { label: "A film", icon: <FilmIcon />, run: () => films.current?.click() },
            {
              label: poll ? "Take the poll out" : "A poll",
              icon: <ChartBarBig />,
              run: () => setPoll(poll ? null : POLL),
            },
          ]}
          trigger={
            <button
              type="button"
              aria-label="Add to the message"
              title="Add to the message"
              className="grid size-10 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink"
            >
              <Plus className="size-5" aria-hidden="true" />
            </button>
          }
        />
        <textarea
          ref={field}
          value={text}
          rows={1}
          dir="auto"
          aria-label={label}
          placeholder={label}
          maxLength={MESSAGE_CHARS_MAX * 2}
          onChange={(event) => {
            setText(event.target.value);
            mention.look();
            typing?.();
          }}
          onSelect={mention.look}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            if (event.clipboardData.files.length === 0) return;
            event.preventDefault();
            add(event.clipboardData.files);
          }}
          {...mention.field}
          className="min-h-10 flex-1 resize-none bg-transparent px-1 py-2 text-sm leading-6 outline-none"
        />
        {text.trim() !== "" && pictures.length === 0 && poll === null && left >= 0 && (
          <SendLater channel_id={channel.id} root_id={root_id} text={text} done={() => setText("")} />
        )}
        <EmojiButton label="Emoji" choose={insert} className="size-10 max-sm:hidden" />
        {text.trim() === "" && pictures.length === 0 && film.now === null && poll === null && (
          <button
            type="button"
            aria-label="Record a voice note"
            title="Record a voice note"
            onClick={() => setRecording(true)}
            className="grid size-10 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink"
          >
            <Mic className="size-5" aria-hidden="true" />
          </button>
        )}
        <button
          type="button"
          aria-label="Send"
          title="Send (Enter)"
          disabled={!may_send}
          onClick={send}
          className="grid size-10 shrink-0 place-items-center rounded-full bg-accent text-on-accent transition-opacity disabled:opacity-40"
        >
          <SendHorizontal className="size-5" aria-hidden="true" />
        </button>
        {mention.list}
        {isNaming(text) && (
          <CommandList
            channel_id={channel.id}
            text={text}
            choose={(words) => {
              setText(words);
              field.current?.focus();
            }}
          />
        )}
      </div>
      <div className="flex min-h-5 items-center justify-between gap-3 px-2 pt-1 text-xs text-ink-3">
        {lacks !== null ? (
          <span role="status">{lacks}</span>
        ) : root_id === null ? (
          <span className="max-sm:hidden">Enter sends, Shift + Enter is a new line, ``` is code</span>
        ) : (
          <label className="flex items-center gap-2">
            <input
              type="checkbox"
              checked={also}
              onChange={(event) => setAlso(event.target.checked)}
              className="size-4"
            />
            Also in the channel
          </label>
        )}
        {left < 500 && (
          <span role="status" className={cx("font-semibold tabular-nums", left < 0 && "text-bad")}>
            {left < 0 ? `${-left} too many` : `${left} left`}
          </span>
        )}
      </div>
    </div>
  );
}

/** As it is asked for; null while it is none. */
function pollFrom(poll: PollBegun): PollAsked | null {
  const options = poll.options.map((option) => option.trim()).filter((option) => option !== "");
  return options.length < POLL_OPTIONS_MIN || new Set(options).size < options.length ? null : { ...poll, options };
}

/** Within an open block of code Enter is a new line. */
function inCode(text: string, field: HTMLTextAreaElement | null): boolean {
  const before = text.slice(0, field?.selectionStart ?? text.length);
  return (before.match(/```/g)?.length ?? 0) % 2 === 1;
}
