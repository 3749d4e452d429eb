/** What is written and not out yet, in one piece of code. */
export { default as DraftsSheet } from "./drafts-sheet.tsx";
export { default as ScheduledSheet } from "./scheduled-sheet.tsx";
