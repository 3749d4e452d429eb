import { Link, useSearch } from "@tanstack/react-router";
import { MailCheck, MailX } from "lucide-react";
import { type ReactNode, useState } from "react";

import { notifyRoutes } from "#systems/notify/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button, buttonClass } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { call } from "../shell/house.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { settingsAnew } from "./settings.ts";

/** Where the links of letters lead. Opening one does nothing yet: programs that look at mail open links too. */
export function ConfirmScreen() {
  const { token } = useSearch({ from: "/notifications/confirm" });
  return (
    <OnePress
      title="Your address"
      icon={<MailCheck />}
      question="Is this address yours?"
      words="Then letters with what you have not read are sent there."
      action="Yes, it is mine"
      done="Your address is confirmed."
      press={() => call(notifyRoutes.confirmNotifyEmail, { body: { token } })}
    />
  );
}

export function UnsubscribeScreen() {
  const { token } = useSearch({ from: "/notifications/unsubscribe" });
  return (
    <OnePress
      title="Letters"
      icon={<MailX />}
      question="Have no more letters?"
      words="What happens still waits for you in the house. You can have letters again at any time."
      action="No more letters"
      done="No more letters are sent to you."
      press={() => call(notifyRoutes.unsubscribe, { params: { token } })}
    />
  );
}

function OnePress(about: {
  title: string;
  icon: ReactNode;
  question: string;
  words: string;
  action: string;
  done: string;
  press: () => Promise<unknown>;
}) {
  const [state, setState] = useState<"asked" | "busy" | "done">("asked");
  const [problem, setProblem] = useState<unknown>(null);
  const press = () => {
    setState("busy");
    setProblem(null);
    about
      .press()
      .then(async () => {
        setState("done");
        await settingsAnew();
      })
      .catch((error: unknown) => {
        setProblem(error);
        setState("asked");
      });
  };
  const home = (
    <Link to="/" className={buttonClass("outline")}>
      To the house
    </Link>
  );
  return (
    <>
      <PageHeader title={about.title} />
      <div role="status">
        <Empty
          icon={about.icon}
          title={state === "done" ? about.done : about.question}
          action={
            state === "done" ? (
              home
            ) : (
              <Button busy={state === "busy"} onClick={press}>
                {about.action}
              </Button>
            )
          }
        >
          {problem === null ? (state === "done" ? undefined : about.words) : sentenceOf(problem)}
        </Empty>
      </div>
    </>
  );
}
