import { CloudOff } from "lucide-react";

import { cx } from "../parts/class.ts";

/** While the house does not answer: that what was written waits. A phone's chat lies over the page's own banner. */
export function AwayNote({ waiting }: { waiting: number }) {
  return (
    <div
      role="status"
      className={cx(
        "flex items-center gap-3 bg-warn-tint px-4 py-2 text-sm font-medium text-warn",
        waiting === 0 && "sm:hidden",
      )}
    >
      <CloudOff className="size-4 shrink-0" aria-hidden="true" />
      <p>
        The house does not answer.{" "}
        {waiting === 0
          ? "You can go on reading and writing."
          : waiting === 1
            ? "1 message waits here and goes out when it does."
            : `${waiting} messages wait here and go out when it does.`}
      </p>
    </div>
  );
}
