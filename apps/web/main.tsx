import "./theme.css";

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { queries } from "./shell/house.ts";
import { listenToKeys } from "./shell/keyboard.ts";
import { createPageRouter } from "./shell/router.tsx";
import { meQuery } from "./shell/session.ts";
import { watchTheme } from "./shell/theme.ts";

watchTheme();
listenToKeys();
// Asked before anything is drawn, so that the answer is on its way while React starts. Its failure is shown where it is used.
void queries.prefetchQuery(meQuery);

const router = createPageRouter();
const root = document.getElementById("root");
if (!root) throw new Error("The page has no root element.");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);

/** After all that its person waits for. Who is not signed in has nothing that stands beside the page. */
const BESIDE_AFTER_MS = 4_000;
setTimeout(() => {
  if (queries.getQueryData(meQuery.queryKey))
    void import("./notify/beside.ts")
      .then(({ standBeside }) => standBeside((path) => router.history.push(path)))
      .catch(() => {});
}, BESIDE_AFTER_MS);
