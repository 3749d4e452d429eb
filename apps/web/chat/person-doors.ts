/** What of chats stands at people elsewhere on the page. */
export { MessageDoor } from "./message-door.tsx";
export { ProfileStatus } from "./profile-status.tsx";
