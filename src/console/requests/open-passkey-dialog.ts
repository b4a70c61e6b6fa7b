import { WebAuthnError } from "@simplewebauthn/browser";
import { RefusedRequest } from "./refused-request";

/** Opens a passkey dialog of the browser. @throws RefusedRequest it was cancelled, timed out, or is not supported */
export async function openPasskeyDialog<Result>(open: () => Promise<Result>): Promise<Result> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof WebAuthnError && error.code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED") {
      throw new RefusedRequest("passkey_on_device", "This device already has a passkey for you.");
    }
    if (error instanceof Error)
      throw new RefusedRequest("passkey_cancelled", "The passkey request was cancelled or timed out. Try again.");
    throw error;
  }
}
