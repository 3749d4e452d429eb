/** All that lies over a chat, in one piece: every piece more costs the first load of the page its name. */
export { default as AboutSheet } from "./about-sheet.tsx";
export { default as BrowseSheet } from "./browse-sheet.tsx";
export { default as DeedsSheet } from "./deeds-sheet.tsx";
export { default as EditDialog } from "./edit-dialog.tsx";
export { default as EditsSheet } from "./edits-sheet.tsx";
export { default as ForwardSheet } from "./forward-sheet.tsx";
export { default as PinsSheet } from "./pins-sheet.tsx";
export { default as ReadersSheet } from "./readers-sheet.tsx";
export { default as ScheduledSheet } from "./scheduled-sheet.tsx";
export { default as SearchSheet } from "./search-sheet.tsx";
export { default as StartSheet } from "./start-sheet.tsx";
export { default as StatusSheet } from "./status-sheet.tsx";
export { default as Switcher } from "./switcher.tsx";
export { default as ThreadsSheet } from "./threads-sheet.tsx";
