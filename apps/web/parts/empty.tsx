import type { ReactNode } from "react";

import { mayRetry, sentenceOf } from "../client.ts";
import { Button } from "./button.tsx";
import { HouseMark } from "./house-mark.tsx";

/** An empty list says why it is empty and what to do about it. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="rise flex flex-col items-center px-6 py-14 text-center">
      <div className="mb-5 grid size-20 place-items-center rounded-full bg-accent-tint text-accent-ink [&_svg]:size-9">
        {icon ?? <HouseMark className="size-9" />}
      </div>
      <h2 className="text-lg font-bold">{title}</h2>
      {children !== undefined && <p className="mt-2 max-w-sm text-sm text-ink-2">{children}</p>}
      {action !== undefined && <div className="mt-6 flex flex-wrap justify-center gap-3">{action}</div>}
    </div>
  );
}

export function Failed({
  error,
  retry,
  title = "This did not load",
}: {
  error: unknown;
  retry?: () => void;
  title?: string;
}) {
  const offer = retry !== undefined && (mayRetry(error) || !(error instanceof Error && error.name === "Refusal"));
  return (
    <div role="alert" className="flex flex-col items-center px-6 py-12 text-center">
      <h2 className="text-lg font-bold">{title}</h2>
      <p className="mt-2 max-w-sm text-sm text-ink-2">{sentenceOf(error)}</p>
      {offer && (
        <Button look="outline" className="mt-6" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** The true end of a list. */
export const End = ({ children = "You have seen everything here." }: { children?: ReactNode }) => (
  <div className="flex flex-col items-center gap-3 py-10 text-sm text-ink-3">
    <HouseMark className="size-6 opacity-50" />
    <p>{children}</p>
  </div>
);
