import {
  Captions as CaptionsIcon,
  Check,
  ChevronLeft,
  ChevronRight,
  Gauge,
  Languages,
  Repeat,
  Settings2,
  Type,
} from "lucide-react";
import { type ReactNode, useState } from "react";

import { CAPTION_EDGES, CAPTION_GROUNDS, CAPTION_SIZES, prefer, SPEEDS, usePreferences } from "../preferences.ts";
import { type Level, levelName } from "../stream/levels.ts";
import type { Sound } from "../stream/tie.ts";
import { type Captions, languageName } from "./captions.ts";

export type SettingsPage = "all" | "quality" | "speed" | "captions" | "look" | "sound";

export interface Choices {
  levels: readonly Level[];
  /** The quality that is seen now. */
  seen: Level | null;
  sounds: readonly Sound[];
  sound: number;
  captions: readonly Captions[];
  caption: number;
  hear: (sound: number) => void;
  loop: boolean;
  setLoop: (on: boolean) => void;
}

const SIZE_NAMES = { small: "Small", medium: "Medium", large: "Large", huge: "Very large" };
const GROUND_NAMES = { solid: "Black", half: "See-through", none: "None" };
const EDGE_NAMES = { none: "None", shadow: "Shadow", outline: "Outline" };

/** What a viewer may choose; each choice is kept for the next film. */
export function Settings({ choices, first = "all" }: { choices: Choices; first?: SettingsPage }) {
  const [page, setPage] = useState<SettingsPage>(first);
  const chosen = usePreferences();
  const { levels, seen, sounds, sound, captions, caption } = choices;
  const back = () => setPage("all");
  if (page === "quality")
    return (
      <Page title="Quality" back={back}>
        <Choice on={chosen.height === null} run={() => prefer({ height: null })}>
          Auto{seen && chosen.height === null && <Aside>now {levelName(seen.height)}</Aside>}
        </Choice>
        {levels.toReversed().map((level) => (
          <Choice key={level.height} on={chosen.height === level.height} run={() => prefer({ height: level.height })}>
            {levelName(level.height)}
            <Aside>{(level.bitrate_bps / 1_000_000).toFixed(1)} Mbit/s</Aside>
          </Choice>
        ))}
      </Page>
    );
  if (page === "speed")
    return (
      <Page title="Speed" back={back}>
        {SPEEDS.map((speed) => (
          <Choice key={speed} on={chosen.speed === speed} run={() => prefer({ speed })}>
            {speed === 1 ? "Normal" : `${speed}×`}
          </Choice>
        ))}
      </Page>
    );
  if (page === "captions")
    return (
      <Page title="Captions" back={back}>
        <Choice on={caption === -1} run={() => prefer({ captions: false })}>
          Off
        </Choice>
        {captions.map(({ label, lang }, at) => (
          <Choice
            key={`${lang} ${label}`}
            on={caption === at}
            run={() => prefer({ captions: true, captions_lang: lang })}
          >
            {label}
          </Choice>
        ))}
        <Way icon={<Type />} name="How they look" value="" run={() => setPage("look")} />
      </Page>
    );
  if (page === "look")
    return (
      <Page title="How captions look" back={() => setPage("captions")}>
        <Group
          name="Size"
          all={CAPTION_SIZES}
          names={SIZE_NAMES}
          now={chosen.caption_size}
          run={(caption_size) => prefer({ caption_size })}
        />
        <Group
          name="Ground"
          all={CAPTION_GROUNDS}
          names={GROUND_NAMES}
          now={chosen.caption_ground}
          run={(caption_ground) => prefer({ caption_ground })}
        />
        <Group
          name="Edge"
          all={CAPTION_EDGES}
          names={EDGE_NAMES}
          now={chosen.caption_edge}
          run={(caption_edge) => prefer({ caption_edge })}
        />
      </Page>
    );
  if (page === "sound")
    return (
      <Page title="Sound" back={back}>
        {sounds.map(({ name, lang }, at) => (
          <Choice key={`${at} ${name}`} on={sound === at} run={() => choices.hear(at)}>
            {name || languageName(lang) || `Sound ${at + 1}`}
          </Choice>
        ))}
      </Page>
    );
  const quality = levels.find(({ height }) => height === chosen.height);
  return (
    <>
      {levels.length > 1 && (
        <Way
          icon={<Settings2 />}
          name="Quality"
          value={quality ? levelName(quality.height) : seen ? `Auto (${levelName(seen.height)})` : "Auto"}
          run={() => setPage("quality")}
        />
      )}
      <Way
        icon={<Gauge />}
        name="Speed"
        value={chosen.speed === 1 ? "Normal" : `${chosen.speed}×`}
        run={() => setPage("speed")}
      />
      {captions.length > 0 && (
        <Way
          icon={<CaptionsIcon />}
          name="Captions"
          value={captions[caption]?.label ?? "Off"}
          run={() => setPage("captions")}
        />
      )}
      {sounds.length > 1 && (
        <Way
          icon={<Languages />}
          name="Sound"
          value={sounds[sound]?.name || languageName(sounds[sound]?.lang ?? "")}
          run={() => setPage("sound")}
        />
      )}
      <button
        type="button"
        role="menuitemcheckbox"
        aria-checked={choices.loop}
        className={ROW}
        onClick={() => choices.setLoop(!choices.loop)}
      >
        <Repeat aria-hidden="true" />
        <span className="flex-1">Play it again and again</span>
        {choices.loop && <Check aria-hidden="true" className="text-[#ff8a7c]" />}
      </button>
    </>
  );
}

const ROW =
  "flex min-h-11 w-full items-center gap-3 rounded-xl px-3 py-1.5 text-left font-medium outline-none hover:bg-white/12 focus-visible:bg-white/16 focus-visible:ring-2 focus-visible:ring-white/70 sm:min-h-10 [&_svg]:size-4.5 [&_svg]:shrink-0";

const Aside = ({ children }: { children: ReactNode }) => (
  <span className="ml-2 text-xs font-normal text-white/70">{children}</span>
);

function Page({ title, back, children }: { title: string; back: () => void; children: ReactNode }) {
  return (
    <>
      <button
        type="button"
        role="menuitem"
        aria-label={`${title}, back`}
        className={`${ROW} mb-1 font-bold`}
        onClick={back}
      >
        <ChevronLeft aria-hidden="true" />
        {title}
      </button>
      {children}
    </>
  );
}

const Choice = ({ on, run, children }: { on: boolean; run: () => void; children: ReactNode }) => (
  <button type="button" role="menuitemradio" aria-checked={on} className={ROW} onClick={run}>
    <span className="grid size-4.5 place-items-center">
      {on && <Check aria-hidden="true" className="text-[#ff8a7c]" />}
    </span>
    <span className="flex-1">{children}</span>
  </button>
);

const Way = ({ icon, name, value, run }: { icon: ReactNode; name: string; value: string; run: () => void }) => (
  <button type="button" role="menuitem" aria-haspopup="menu" className={ROW} onClick={run}>
    {icon}
    <span className="flex-1">{name}</span>
    <span className="max-w-32 truncate text-white/70">{value}</span>
    <ChevronRight aria-hidden="true" className="text-white/70" />
  </button>
);

function Group<T extends string>({
  name,
  all,
  names,
  now,
  run,
}: {
  name: string;
  all: readonly T[];
  names: Record<T, string>;
  now: T;
  run: (one: T) => void;
}) {
  return (
    <div role="group" aria-label={name} className="mb-1.5">
      <p className="px-3 pt-1.5 pb-1 text-xs font-semibold text-white/70">{name}</p>
      <div className="flex flex-wrap gap-1 px-2">
        {all.map((one) => (
          <button
            key={one}
            type="button"
            role="menuitemradio"
            aria-checked={one === now}
            onClick={() => run(one)}
            className="min-h-9 rounded-full bg-white/10 px-3 text-xs font-semibold outline-none hover:bg-white/18 focus-visible:ring-2 focus-visible:ring-white/70 aria-checked:bg-white aria-checked:text-[#1c1410]"
          >
            {names[one]}
          </button>
        ))}
      </div>
    </div>
  );
}
