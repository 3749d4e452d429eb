import { lazy, Suspense } from "react";

const Badge = lazy(() => import("./badge.tsx"));

/** The badge is no part of the first paint: it needs the line, which is opened once the page stands. */
export const ChatBadge = ({ className }: { className: string }) => (
  <Suspense fallback={null}>
    <Badge className={className} />
  </Suspense>
);
