import { accountRoutes } from "./account-contract.ts";
import { houseRoutes } from "./house-contract.ts";
import { invitationsRoutes } from "./invitations-contract.ts";
import { officesRoutes } from "./offices-contract.ts";
import { passkeysRoutes } from "./passkeys-contract.ts";
import { profilesRoutes } from "./profiles-contract.ts";
import { relationsRoutes } from "./relations-contract.ts";
import { sessionsRoutes } from "./sessions-contract.ts";
import { tokensRoutes } from "./tokens-contract.ts";

/** All routes of people, for the page and for tests; each capability has a contract of its own. */
export const peopleRoutes = {
  ...houseRoutes,
  ...sessionsRoutes,
  ...profilesRoutes,
  ...accountRoutes,
  ...relationsRoutes,
  ...tokensRoutes,
  ...passkeysRoutes,
  ...invitationsRoutes,
  ...officesRoutes,
} as const;

export { HOUSE_ROLES, type Me } from "./base-contract.ts";
export { BIO_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, LINKS_MAX, PASSWORD_CHARS_MIN } from "./bounds.ts";
export { type House, type HouseSettings, SIGNUP_MODES, type SignupMode } from "./house-contract.ts";
export type { Invitation } from "./invitations-contract.ts";
export type { AdminPerson } from "./offices-contract.ts";
export type { Person } from "./profiles-contract.ts";
