/** What is opened from a space, in one piece: every piece more costs the first load of the page its name. */
export { SpaceChannels } from "../chat/space-channels.tsx";
export { default as ProgramsSheet, Programs } from "../hooks/programs.tsx";
export { default as CloseSpace } from "./close-space.tsx";
export { default as EditSpace } from "./edit-space.tsx";
export { default as InviteDialog } from "./invite.tsx";
export { default as MembersDialog } from "./members.tsx";
