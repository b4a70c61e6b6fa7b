import { z } from "zod";
import { resource } from "#src/access/resource";

/** A session of the caller. */
export const ownSession = resource({
  kind: "session",
  field: "sessionId",
  parent: null,
  object: z.object({ sessionId: z.string(), userId: z.string() }),
  name: () => null,
});

/** A passkey of the caller. */
export const ownPasskey = resource({
  kind: "passkey",
  field: "passkeyId",
  parent: null,
  object: z.object({ passkeyId: z.string(), userId: z.string(), name: z.string() }),
  name: ({ name }) => name,
});
