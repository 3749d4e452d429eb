import { useCanGoBack, useRouter } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { type ReactNode, useEffect } from "react";

import { IconButton } from "../parts/button.tsx";
import { embeddedHouse } from "./house.ts";

/** The title that stays on top while the screen scrolls; also the document's title. */
export function PageHeader({
  title,
  documentTitle,
  detail,
  back = false,
  children,
}: {
  title: string;
  /** Where the tab should say more than the header. */
  documentTitle?: string;
  detail?: ReactNode;
  back?: boolean;
  children?: ReactNode;
}) {
  const router = useRouter();
  const canGoBack = useCanGoBack();
  useTitle(documentTitle ?? title);
  return (
    <header className="sticky top-0 z-20 flex min-h-14 items-center gap-1 border-b border-line/70 bg-birch/88 px-4 backdrop-blur-md sm:rounded-b-2xl sm:border-x sm:px-5">
      {back && (
        <IconButton
          label="Back"
          className="-ml-3"
          onClick={() => (canGoBack ? router.history.back() : void router.navigate({ to: "/" }))}
        >
          <ArrowLeft className="size-5.5" />
        </IconButton>
      )}
      <div className="min-w-0 flex-1">
        <h1 className="truncate text-lg leading-6 font-bold tracking-tight">{title}</h1>
        {detail !== undefined && <div className="truncate text-xs text-ink-3">{detail}</div>}
      </div>
      {children}
    </header>
  );
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title === "" ? embeddedHouse().name : `${title} · ${embeddedHouse().name}`;
  }, [title]);
}
