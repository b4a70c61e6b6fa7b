import { WebAuthnError } from "@simplewebauthn/browser";
import { Refused } from "./refused";

/** Runs one of the browser's dialogues about passkeys. @throws Refused it was cancelled, took too long, or cannot be */
export async function askAuthenticator<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof WebAuthnError && error.code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED") {
      throw new Refused("passkey_on_device", "This device already has a passkey for you.");
    }
    if (error instanceof Error)
      throw new Refused("passkey_cancelled", "No passkey was used. Try again when you are ready.");
    throw error;
  }
}
