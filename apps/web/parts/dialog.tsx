import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";

import { Button, IconButton } from "./button.tsx";
import { cx } from "./class.ts";

/** On a phone a sheet that rises from the thumb, on a desktop a card in the middle. Focus stays inside; Escape leaves. */
export interface SheetProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** Where the title is already in the content. */
  titleHidden?: boolean;
  children: ReactNode;
  wide?: boolean;
  /** Takes the phone's whole height, for things that are written in. */
  tall?: boolean;
  /** Opened from within another sheet, which it dims. */
  over?: boolean;
  actions?: ReactNode;
}

const BACKDROP = "backdrop fixed inset-0 z-40 bg-scrim";

export function Sheet({
  open,
  onOpenChange,
  title,
  titleHidden = false,
  children,
  wide = false,
  tall = false,
  over = false,
  actions,
}: SheetProps) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop forceRender={over} className={cx(BACKDROP, over && "z-50")} />
        <Dialog.Viewport className="fixed inset-0 z-50 flex items-end justify-center sm:items-start sm:overflow-y-auto sm:px-6 sm:py-[8vh]">
          <Dialog.Popup
            className={cx(
              "sheet flex w-full flex-col overflow-hidden bg-surface shadow-2 outline-none max-sm:max-h-[92dvh] max-sm:rounded-t-3xl sm:max-h-[84vh] sm:rounded-3xl",
              wide ? "sm:max-w-2xl" : "sm:max-w-lg",
              tall && "max-sm:h-[92dvh]",
            )}
          >
            <header className={cx("flex items-center gap-3 pt-3 pr-3 pb-1 pl-6", titleHidden && "sr-only")}>
              <Dialog.Title className="flex-1 text-lg font-bold">{title}</Dialog.Title>
              {actions}
              <Dialog.Close
                render={
                  <IconButton label="Close">
                    <X className="size-5" />
                  </IconButton>
                }
              />
            </header>
            <div className="flex min-h-0 flex-1 flex-col overflow-y-auto overscroll-contain pb-[env(safe-area-inset-bottom)]">
              {children}
            </div>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** For what cannot be undone; anything else is done at once and offers Undo. */
export function Confirm({
  open,
  onOpenChange,
  title,
  children,
  action,
  onConfirm,
  busy = false,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children: ReactNode;
  action: string;
  onConfirm: () => void;
  busy?: boolean;
}) {
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={BACKDROP} />
        <AlertDialog.Viewport className="fixed inset-0 z-50 flex items-end justify-center p-4 sm:items-center">
          <AlertDialog.Popup className="sheet w-full max-w-md rounded-3xl bg-surface p-6 shadow-2 outline-none">
            <AlertDialog.Title className="text-lg font-bold">{title}</AlertDialog.Title>
            <AlertDialog.Description render={<div />} className="mt-2 text-sm text-ink-2">
              {children}
            </AlertDialog.Description>
            <div className="mt-6 flex justify-end gap-2">
              <AlertDialog.Close render={<Button look="quiet" />}>Cancel</AlertDialog.Close>
              <Button onClick={onConfirm} busy={busy}>
                {action}
              </Button>
            </div>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
