export { type LinkCard, zLinkCard } from "#kernel/cards.ts";
