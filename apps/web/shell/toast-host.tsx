import { Toast } from "@base-ui/react/toast";
import { CircleAlert, X } from "lucide-react";
import { useEffect } from "react";

import { cx } from "../parts/class.ts";
import { hostToasts } from "./toasts.ts";

/** Toasts are read out politely, stay while pointed at, and can be reached with F6. */
export default function ToastHost() {
  return (
    <Toast.Provider limit={3}>
      <Toasts />
    </Toast.Provider>
  );
}

function Toasts() {
  const manager = Toast.useToastManager();
  const { add, close } = manager;
  useEffect(() => {
    hostToasts((saying) => {
      const id = add({
        description: saying.text,
        type: saying.tone,
        timeout: saying.timeout_ms,
        priority: saying.tone === "bad" ? "high" : "low",
        ...(saying.action
          ? {
              actionProps: {
                children: saying.action.label,
                onClick: () => {
                  saying.action?.run();
                  close(id);
                },
              },
            }
          : {}),
      });
    });
    return () => hostToasts(null);
  }, [add, close]);
  return (
    <Toast.Portal>
      <Toast.Viewport className="fixed inset-x-4 bottom-[calc(5rem+env(safe-area-inset-bottom))] z-60 mx-auto flex max-w-md flex-col-reverse gap-2 outline-none sm:bottom-6">
        {manager.toasts.map((toast) => (
          <Toast.Root
            key={toast.id}
            toast={toast}
            swipeDirection={["down", "right"]}
            className="w-full transform-[translate(var(--toast-swipe-movement-x),var(--toast-swipe-movement-y))] transition-[opacity,transform] duration-200 select-none data-ending-style:translate-y-4 data-ending-style:opacity-0 data-limited:hidden data-starting-style:translate-y-4 data-starting-style:opacity-0"
          >
            <Toast.Content
              className={cx(
                "flex min-h-13 items-center gap-3 rounded-2xl py-1.5 pr-2 pl-4 text-sm font-medium shadow-2",
                toast.type === "bad" ? "border border-bad/30 bg-accent-tint text-ink" : "bg-ink text-birch",
              )}
            >
              {toast.type === "bad" && <CircleAlert className="size-5 shrink-0 text-bad" aria-hidden="true" />}
              <Toast.Description className="min-w-0 flex-1 py-1.5" />
              {toast.actionProps && (
                <Toast.Action className="shrink-0 rounded-full px-3 py-2 font-bold text-[#ffb9a6] underline-offset-4 hover:underline dark:text-accent" />
              )}
              <Toast.Close
                aria-label="Dismiss"
                className="grid size-9 shrink-0 place-items-center rounded-full opacity-70 hover:opacity-100"
              >
                <X className="size-4" />
              </Toast.Close>
            </Toast.Content>
          </Toast.Root>
        ))}
      </Toast.Viewport>
    </Toast.Portal>
  );
}
