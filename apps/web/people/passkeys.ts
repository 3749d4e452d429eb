import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/browser";

import type { BodyIn } from "#kernel/contract.ts";
import { type Me, peopleRoutes } from "#systems/people/contract.ts";

import { call } from "../shell/house.ts";

/** Whether this browser, on this address, can have passkeys at all: they need https or localhost. */
export const passkeysWork = (): boolean => typeof PublicKeyCredential === "function" && isSecureContext;

/** The person closed the browser's own window. That is an answer, not a failure. */
export const isChangeOfMind = (error: unknown): boolean =>
  error instanceof Error && (error.name === "NotAllowedError" || error.name === "AbortError");

export async function addPasskey(name: string, password: string): Promise<void> {
  const { startRegistration } = await import("@simplewebauthn/browser");
  const options = await call(peopleRoutes.passkeyRegistration, { body: { password } });
  const response: RegistrationResponseJSON = await startRegistration({
    optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON,
  });
  type Response = BodyIn<typeof peopleRoutes.registerPasskey>["response"];
  await call(peopleRoutes.registerPasskey, { body: { name, response: response as unknown as Response } });
}

export async function signInWithPasskey(): Promise<Me> {
  const { startAuthentication } = await import("@simplewebauthn/browser");
  const options = await call(peopleRoutes.passkeyChallenge);
  const response: AuthenticationResponseJSON = await startAuthentication({
    optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON,
  });
  type Response = BodyIn<typeof peopleRoutes.passkeySignIn>["response"];
  const { person } = await call(peopleRoutes.passkeySignIn, { body: { response: response as unknown as Response } });
  return person;
}
