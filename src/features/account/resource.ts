import { resource } from "../../operations/resource";

/** A session of the caller. */
export const ownSession = resource("session", "sessionId");

/** A passkey of the caller. */
export const ownPasskey = resource("passkey", "passkeyId");
