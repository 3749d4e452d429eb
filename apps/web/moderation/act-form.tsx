import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import {
  act,
  ACT_WORDS_CHARS_MAX,
  type ActKind,
  ANSWER_CHARS_MAX,
  type CaseWhole,
  closeCase,
  listRules,
  undo,
  waiting,
  WARNING_CHARS_MAX,
} from "#systems/moderation/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Choices, SelectField, TextArea, TextField, Tick } from "../parts/field.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";
import { ACT_WORDS, ENDS } from "./words.ts";

/** What to do, under which rule, in which words; or nothing. Undo is offered for what can be taken back. */
export function ActForm({
  one,
  keep,
  left,
}: {
  one: CaseWhole;
  keep: (whole: CaseWhole) => void;
  /** The case left the queue. */
  left: () => void;
}) {
  const rules = useQuery(ask(listRules));
  const [kind, setKind] = useState<ActKind | "nothing" | "">("");
  const [rule, setRule] = useState<string | null>(null);
  const [words, setWords] = useState("");
  const [answer, setAnswer] = useState("");
  const [hours, setHours] = useState<string>("24");
  const [content_warning, setWarning] = useState("");
  const [stays, setStays] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const rule_id = rule ?? one.rules[0]?.id ?? rules.data?.items[0]?.id ?? "";
  if (one.may.length === 0)
    return (
      <p className="text-sm text-ink-2">
        They hold an office as high as yours. An admin takes it from them first; then this can be decided.
      </p>
    );

  const params = { id: one.id };
  const send = async () => {
    if (kind === "nothing" || kind === "") {
      keep(await call(closeCase, { params, body: { answer } }));
      say("Closed. Reporters are told.");
      return true;
    }
    const ends = kind === "suspend" && hours !== "" ? { ends_in_h: Number(hours) } : {};
    const warning = kind === "sensitive" && content_warning.trim() !== "" ? { content_warning } : {};
    const whole = await call(act, {
      params,
      body: { kind, rule_id, words, answer, close: !stays, ...ends, ...warning },
    });
    keep(whole);
    const made = whole.acts.find((before) => before.kind === kind && before.case_id === one.id && !before.undone);
    say(
      `Done: you ${ACT_WORDS[kind].done}.`,
      made && kind !== "warn" ? async () => void (await call(undo, { params: { id: made.id }, body: {} })) : undefined,
    );
    return !stays;
  };
  const submit = () => {
    setBusy(true);
    setProblem(null);
    send()
      .then(async (closed) => {
        await queries.invalidateQueries({ queryKey: [waiting.path] });
        if (closed) left();
        else setKind("");
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  return (
    <form
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (kind !== "") submit();
      }}
    >
      <Choices<ActKind | "nothing" | "">
        label="Choose"
        value={kind}
        onChange={setKind}
        columns={2}
        choices={[
          ...one.may.map((name) => ({ value: name, label: ACT_WORDS[name].label, detail: ACT_WORDS[name].detail })),
          { value: "nothing", label: "Nothing", detail: "No rule is broken, or enough was done. The case is closed." },
        ]}
      />
      {kind !== "" && kind !== "nothing" && (
        <>
          <SelectField label="Rule" value={rule_id} onChange={(event) => setRule(event.target.value)}>
            {rules.data?.items.map((item) => (
              <option key={item.id} value={item.id}>
                {item.title}
              </option>
            ))}
          </SelectField>
          {kind === "suspend" && (
            <SelectField label="Until" value={hours} onChange={(event) => setHours(event.target.value)}>
              {ENDS.map((end) => (
                <option key={end.label} value={end.hours ?? ""}>
                  {end.label}
                </option>
              ))}
            </SelectField>
          )}
          {kind === "sensitive" && (
            <TextField
              label="Words that stand before it"
              maxLength={WARNING_CHARS_MAX}
              value={content_warning}
              onChange={(event) => setWarning(event.target.value)}
            />
          )}
          <TextArea
            label={`To @${one.person?.handle ?? "them"} (they read it)`}
            required={kind === "warn"}
            maxLength={ACT_WORDS_CHARS_MAX}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        </>
      )}
      {kind !== "" && one.reports > 0 && (
        <TextArea
          label="To those who reported it (they read it)"
          maxLength={ANSWER_CHARS_MAX}
          value={answer}
          onChange={(event) => setAnswer(event.target.value)}
        />
      )}
      {kind !== "" && kind !== "nothing" && (
        <Tick
          label="Keep the case open"
          detail="When more is to be done"
          checked={stays}
          onChange={(event) => setStays(event.target.checked)}
        />
      )}
      {problem !== null && (
        <p role="alert" className="text-sm font-medium text-bad">
          {sentenceOf(problem)}
        </p>
      )}
      {kind !== "" && (
        <Button type="submit" busy={busy} className="max-sm:w-full" disabled={kind === "warn" && words.trim() === ""}>
          {kind === "nothing" ? "Close the case" : ACT_WORDS[kind].label}
        </Button>
      )}
    </form>
  );
}
