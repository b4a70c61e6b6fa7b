import { WebAuthnError } from "@simplewebauthn/browser";
import { Refused } from "./refused";

/** Opens a passkey dialog of the browser. @throws Refused it was cancelled, timed out, or is not supported */
export async function askAuthenticator<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof WebAuthnError && error.code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED") {
      throw new Refused("passkey_on_device", "This device already has a passkey for you.");
    }
    if (error instanceof Error)
      throw new Refused("passkey_cancelled", "The passkey request was cancelled or timed out. Try again.");
    throw error;
  }
}
