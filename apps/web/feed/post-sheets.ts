/** What a post's menu opens, in one piece: every piece more costs the first load of the page its name. */
export { default as SaveSheet } from "../media/library/save-sheet.tsx";
export { default as AltSheet } from "./alt-sheet.tsx";
export { default as EditDialog } from "./edit-dialog.tsx";
export { default as HistoryDialog } from "./history-dialog.tsx";
export { default as QuotesSheet } from "./quotes-sheet.tsx";
export { default as WhyDialog } from "./why-dialog.tsx";
