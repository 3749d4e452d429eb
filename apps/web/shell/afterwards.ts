/** What is wanted after the first paint, if at all, in one piece: every piece more costs the first load its name. */
export { default as UploadShelf } from "../media/upload-resume.tsx";
export { default as CasesBadge } from "../moderation/cases-badge.tsx";
export { default as WarningGate } from "../moderation/warning-gate.tsx";
export { default as HouseNotes } from "./house-notes.tsx";
